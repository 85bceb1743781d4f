"""Servers that Spark itself brings, each an application that ``spark-submit`` starts."""

import os
import tempfile

from labproof import java
from labproof.parts.processes import JAVA_OPTIONS, listens, server
from labproof.run import spark_installed
from labproof.session import CONNECT


def spark_server(folder, port, title, main, arguments=(), settings=(), environ=()):
    """A context manager for the process, once it answers at ``port``.

    ``main`` is the class to run, ``settings`` are pairs for Spark, ``environ`` are pairs for the process. Warehouse,
    Hive store and log are in ``folder``.
    """
    home, spark = spark_installed()
    common = [
        ("spark.master", "local[2]"),
        ("spark.driver.memory", "1g"),
        ("spark.driver.extraJavaOptions", " ".join(JAVA_OPTIONS)),
        ("spark.ui.enabled", "false"),
        ("spark.sql.shuffle.partitions", "2"),
        ("spark.sql.warehouse.dir", os.path.join(folder, "spark-warehouse")),
    ]
    command = [os.path.join(os.environ.get("SPARK_HOME", home), "bin", "spark-submit")]
    command += [word for pair in common + list(settings) for word in ("--conf", "%s=%s" % pair)]
    command += ["--class", main, "spark-internal"] + list(arguments)
    log = os.path.join(folder, "%s.log" % title.lower().replace(" ", "-"))
    environ = dict(os.environ, SPARK_LOCAL_IP="127.0.0.1", **dict(environ))
    # The first would be the memory of these servers, in place of Spark's own setting; with the others they would be
    # clients of the server that --remote names.
    for name in ("SPARK_DAEMON_MEMORY",) + CONNECT:
        environ.pop(name, None)
    if "LABPROOF_RUN" not in environ:
        found, _ = java.find(spark, environ)
        environ["JAVA_HOME"] = java.launchable_home(found, tempfile.mkdtemp(prefix="java-", dir=folder))
    return server(command, log, lambda: listens(port), title, cwd=folder, env=environ)
