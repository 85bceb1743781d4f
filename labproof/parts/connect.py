"""A Spark Connect server: Spark for clients that have no JVM of their own."""

import glob
import os
from contextlib import contextmanager

from labproof.parts import Part
from labproof.parts.on_spark import spark_server
from labproof.parts.processes import HERE, free_ports
from labproof.run import spark_installed

MAIN = "org.apache.spark.sql.connect.service.SparkConnectServer"


class Connect(Part):
    """Yields ``url``, which begins with sc://, and the ``pid`` of the server."""

    name = "connect"
    title = "Spark Connect"
    packages = ("grpc", "grpc_status", "pandas", "pyarrow")

    def missing(self):
        """The same, and the server itself, which Spark brings since 4.0."""
        home, spark = spark_installed()
        lacking = super(Connect, self).missing()
        if not glob.glob(os.path.join(glob.escape(home), "jars", "spark-connect_*.jar")):
            lacking.append("the server, which Spark %s does not bring: pip install 'pyspark>=4'" % spark)
        return lacking

    @contextmanager
    def start(self, folder, token=None):
        """Serve clients; with a ``token`` only those that have it."""
        (port,) = free_ports(1)
        settings = [("spark.connect.grpc.binding.address", HERE), ("spark.connect.grpc.binding.port", port)]
        # In the environment, as what a command line has can be seen by everybody on this machine.
        environ = [("SPARK_CONNECT_AUTHENTICATE_TOKEN", token)] if token else []
        with spark_server(folder, port, self.title, MAIN, settings=settings, environ=environ) as process:
            # A client sends a token without TLS only to a host of this name.
            host, parameters = ("localhost", "/;token=" + token) if token else (HERE, "")
            yield {"url": "sc://%s:%d%s" % (host, port, parameters), "pid": process.pid}
