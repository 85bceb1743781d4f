"""A Spark Connect server: Spark for clients that have no JVM of their own."""

import glob
import os
from contextlib import contextmanager

from labproof.parts import Part, jars
from labproof.parts.on_spark import spark_server
from labproof.parts.processes import HERE, free_ports
from labproof.parts.versions import CONNECT_SERVERS
from labproof.releases import numbers
from labproof.run import spark_installed

MAIN = "org.apache.spark.sql.connect.service.SparkConnectServer"


class Connect(Part):
    """Yields ``url``, which begins with sc://, and the ``pid`` of the server."""

    name = "connect"
    title = "Spark Connect"
    packages = ("grpc", "grpc_status", "pandas", "pyarrow")

    def __init__(self):
        home, self._spark = spark_installed()
        self._brought = bool(glob.glob(os.path.join(glob.escape(home), "jars", "spark-connect_*.jar")))
        of_release = CONNECT_SERVERS.get(numbers(self._spark)[:2])
        self.jars = ("spark-connect-" + of_release[0],) if of_release and not self._brought else ()

    def missing(self):
        """The same, and the server itself where it is not to be had."""
        lacking = super(Connect, self).missing()
        if not self._brought and not self.jars:
            lacking.append("the server, which is not of Spark %s: pip install 'pyspark>=3.4'" % self._spark)
        return lacking

    @contextmanager
    def start(self, folder, token=None):
        """Serve clients; with a ``token`` only those that have it."""
        (port,) = free_ports(1)
        settings = [("spark.connect.grpc.binding.address", HERE), ("spark.connect.grpc.binding.port", port)]
        if self.jars:
            settings.append(("spark.jars", ",".join(path for name in self.jars for path in jars.paths(name))))
        # In the environment, as what a command line has can be seen by everybody on this machine.
        environ = [("SPARK_CONNECT_AUTHENTICATE_TOKEN", token)] if token else []
        with spark_server(folder, port, self.title, MAIN, settings=settings, environ=environ) as process:
            # A client sends a token without TLS only to a host of this name.
            host, parameters = ("localhost", "/;token=" + token) if token else (HERE, "")
            yield {"url": "sc://%s:%d%s" % (host, port, parameters), "pid": process.pid}
