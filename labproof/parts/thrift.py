"""Spark's Thrift server, which speaks the protocol of HiveServer2 to clients of JDBC and ODBC."""

from contextlib import contextmanager

from labproof.parts import Part
from labproof.parts.on_spark import spark_server
from labproof.parts.processes import HERE, free_ports

MAIN = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"


class Thrift(Part):
    """Yields ``server``, which is HOST:PORT, and the ``pid`` of the server."""

    name = "thrift"
    title = "Spark's Thrift server"
    packages = ("impala",)

    @contextmanager
    def start(self, folder):
        """Serve the tables of the Hive store and the warehouse in ``folder``, which a session in it may have made."""
        (port,) = free_ports(1)
        where = ["--hiveconf", "hive.server2.thrift.bind.host=" + HERE]
        where += ["--hiveconf", "hive.server2.thrift.port=%d" % port]
        with spark_server(folder, port, "Thrift server", MAIN, where) as process:
            yield {"server": "%s:%d" % (HERE, port), "pid": process.pid}
