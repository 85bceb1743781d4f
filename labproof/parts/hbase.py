"""An HBase server: master, region server and ZooKeeper in one process, on local files."""

import os
from contextlib import contextmanager
from xml.sax.saxutils import escape

from labproof.parts import Part, jars
from labproof.parts.processes import HERE, JAVA_OPTIONS, free_ports, java_command, listens, server

# What HBase reaches into, which Java keeps closed since 17.
OPEN_TO_ALL = ["java.io", "java.lang", "java.lang.reflect", "java.net", "java.nio", "java.util", "sun.nio.ch"]


class HBase(Part):
    """Yields ``quorum`` and ``port``, where clients find ZooKeeper, the ``jars`` of a client, and the ``pid``."""

    name = "hbase"
    title = "Apache HBase"
    jars = ("hbase", "hbase-client")

    @contextmanager
    def start(self, folder):
        """Start a server on what is in the folder, or on nothing."""
        port, master, region = free_ports(3)
        settings = {
            "hbase.rootdir": "file://" + os.path.join(folder, "hbase"),
            "hbase.zookeeper.property.dataDir": os.path.join(folder, "zookeeper"),
            "hbase.tmp.dir": os.path.join(folder, "tmp"),
            "hbase.cluster.distributed": "false",
            # The local file system promises less than HDFS, of which a server for an hour has no need.
            "hbase.unsafe.stream.capability.enforce": "false",
            "hbase.wal.provider": "filesystem",
            # When all stops, ZooKeeper may be gone before the region server, which would look for it for a minute.
            "zookeeper.recovery.retry": 0,
            "hbase.zookeeper.quorum": HERE,
            "hbase.zookeeper.property.clientPort": port,
            "hbase.zookeeper.property.clientPortAddress": HERE,
            "hbase.master.ipc.address": HERE,
            "hbase.master.hostname": "localhost",
            "hbase.master.port": master,
            "hbase.master.info.port": -1,
            # There will be no more than one, so the first need not be waited on for others.
            "hbase.master.wait.on.regionservers.maxtostart": 1,
            "hbase.regionserver.ipc.address": HERE,
            "hbase.regionserver.hostname": "localhost",
            "hbase.regionserver.port": region,
            "hbase.regionserver.info.port": -1,
        }
        with open(os.path.join(folder, "hbase-site.xml"), "w", encoding="utf-8") as stream:
            stream.write("<configuration>\n%s</configuration>\n" % "".join(map(_property, sorted(settings.items()))))
        log = os.path.join(folder, "hbase.log")

        def is_ready():
            with open(log, encoding="utf-8", errors="replace") as lines:
                return "Master has completed initialization" in lines.read() and listens(port)

        command = [java_command()] + JAVA_OPTIONS + ["-Xmx512m", "-Djava.io.tmpdir=" + folder]
        command += ["-Dorg.slf4j.simpleLogger.log.org.apache.hadoop.hbase.master.HMaster=info"]
        command += ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
        command += ["-cp", os.pathsep.join([folder] + jars.paths("hbase"))]
        command += ["org.apache.hadoop.hbase.master.HMaster", "start"]
        # Java 8, which does not know the option, does not look there either.
        opened = " ".join("--add-opens=java.base/%s=ALL-UNNAMED" % package for package in OPEN_TO_ALL)
        environ = dict(os.environ, JDK_JAVA_OPTIONS=opened)
        with server(command, log, is_ready, self.title, cwd=folder, env=environ) as process:
            yield {"quorum": HERE, "port": port, "jars": jars.paths("hbase-client"), "pid": process.pid}


def _property(setting):
    return "<property><name>%s</name><value>%s</value></property>\n" % (setting[0], escape(str(setting[1])))
