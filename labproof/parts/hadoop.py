"""Hadoop's own daemons on loopback: YARN and HDFS with two nodes, driven through py4j.

A node is a DataNode and a NodeManager. By default all daemons share one JVM; with ``jvms=3`` each node has one of its
own, so that to kill that process is what the cluster sees when a node dies.
"""

import getpass
import json
import os
import subprocess
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from shlex import quote
from urllib.request import Request, pathname2url, urlopen
from xml.sax.saxutils import escape

import psutil

from labproof import java
from labproof.archive import FAST_START
from labproof.parts import Part, jars
from labproof.parts.processes import HERE, JAVA_OPTIONS, ServerDied, end_of, free_ports
from labproof.run import log_options, spark_installed
from labproof.waiting import wait_until

# The Javas that Hadoop 3.5 runs on. Spark before 3.3 runs on none of them.
JAVA = (17, 21, 25)

NODES = 2

# MB a node lends to containers: on both of them fit an application master and three small executors.
NODE_MEMORY = 2048

LOG_FILE = "log4j.properties"
LOG4J = """\
log4j.rootLogger = warn, stderr
log4j.appender.stderr = org.apache.log4j.ConsoleAppender
log4j.appender.stderr.target = System.err
log4j.appender.stderr.layout = org.apache.log4j.PatternLayout
log4j.appender.stderr.layout.ConversionPattern = %d %p %c: %m%n
# That there is no Hadoop in C here is nothing to tell at each command.
log4j.logger.org.apache.hadoop.util.NativeCodeLoader = error
"""

HDFS_COMMAND = """\
#!/bin/sh
# What of Hadoop's command `hdfs` the course needs: its file system shell.
if [ "$1" != dfs ]; then
    echo "hdfs: here it is only: hdfs dfs" >&2
    exit 2
fi
shift
exec {java} {options} -cp "${{HADOOP_CONF_DIR:-{conf}}}:{jars}" org.apache.hadoop.fs.FsShell "$@"
"""

# Of the NodeManager's environment what containers get, too. By the last one the keeper of a run finds them.
FOR_CONTAINERS = ["JAVA_HOME", "HADOOP_CONF_DIR", "SPARK_LOCAL_IP", "LABPROOF_RUN"]

CORE_SITE = {
    "fs.defaultFS": "hdfs://%s:0" % HERE,
    # In whose name the web interfaces act: without one YARN's lets nobody end an application.
    "hadoop.http.staticuser.user": getpass.getuser(),
}

HDFS_SITE = {
    "dfs.replication": str(NODES),
    "dfs.permissions.enabled": "false",
    "dfs.blocksize": str(1 << 20),
    "dfs.namenode.fs-limits.min-block-size": "0",
    "dfs.namenode.http-address": HERE + ":0",
    "dfs.namenode.rpc-bind-host": HERE,
    "dfs.namenode.http-bind-host": HERE,
    "dfs.namenode.safemode.extension": "0",
    # A dead DataNode is known to be dead after 12 s: 2 * recheck-interval + 10 * heartbeat.interval.
    "dfs.heartbeat.interval": "1",
    "dfs.namenode.heartbeat.recheck-interval": "1000",
    "dfs.namenode.datanode.registration.ip-hostname-check": "false",
    "dfs.datanode.hostname": HERE,
    "dfs.datanode.address": HERE + ":0",
    "dfs.datanode.http.address": HERE + ":0",
    "dfs.datanode.ipc.address": HERE + ":0",
}

# Where the ResourceManager is spoken to, by whom.
ADDRESSES = [
    "yarn.resourcemanager.%saddress" % kind for kind in ("", "scheduler.", "resource-tracker.", "admin.", "webapp.")
]
WEB_ADDRESS = ADDRESSES[-1]

YARN_SITE = {
    "yarn.resourcemanager.hostname": HERE,
    "yarn.resourcemanager.bind-host": HERE,
    "yarn.nodemanager.hostname": HERE,
    "yarn.nodemanager.bind-host": HERE,
    "yarn.nodemanager.address": HERE + ":0",
    "yarn.nodemanager.localizer.address": HERE + ":0",
    "yarn.nodemanager.webapp.address": HERE + ":0",
    "yarn.nodemanager.resource.memory-mb": str(NODE_MEMORY),
    "yarn.nodemanager.resource.cpu-vcores": "2",
    "yarn.scheduler.minimum-allocation-mb": "128",
    "yarn.scheduler.maximum-allocation-mb": str(NODE_MEMORY),
    "yarn.nodemanager.vmem-check-enabled": "false",
    "yarn.nodemanager.pmem-check-enabled": "false",
    "yarn.nodemanager.disk-health-checker.enable": "false",
    # It looks once all the same, and a laptop's disk may well be more than 90 % full.
    "yarn.nodemanager.disk-health-checker.max-disk-utilization-per-disk-percentage": "100",
    "yarn.nodemanager.env-whitelist": ",".join(FOR_CONTAINERS),
    "yarn.resourcemanager.nodemanagers.heartbeat-interval-ms": "200",
    "yarn.resourcemanager.am.max-attempts": "1",
    "yarn.log-aggregation-enable": "false",
    # As HDFS does. By default a job waits ten minutes for the containers of a dead node; on a busy machine a living one
    # may well be silent for some seconds.
    "yarn.nm.liveness-monitor.expiry-interval-ms": "12000",
}

CAPACITY_SCHEDULER = {
    "yarn.scheduler.capacity.root.queues": "default",
    "yarn.scheduler.capacity.root.default.capacity": "100",
    "yarn.scheduler.capacity.maximum-am-resource-percent": "1.0",
    "yarn.scheduler.capacity.node-locality-delay": "0",
}


class Hadoop(Part):
    """Yields what users of the cluster need to know, and what is for those who want to look behind it.

    ``conf`` is what HADOOP_CONF_DIR and SPARK_CONF_DIR are to be set to, ``bin`` the folder of the command ``hdfs``,
    ``hdfs`` the address of the file system, ``home`` the user's folder there, ``resourcemanager`` and ``namenode`` are
    the addresses of the web interfaces; ``nodes`` are the process ids of the nodes, ``logs`` the folders in which each
    of them has those of its containers.
    """

    name = "hadoop"
    title = "Hadoop's YARN and HDFS"
    jars = ("hadoop", "hadoop-client")

    def missing(self):
        """As for every part, and a Java for the daemons."""
        lacking = super(Hadoop, self).missing()
        if _java() is None:
            lacking.append("a Java 17, 21 or 25 for its daemons: export JAVA_HOME_17=FOLDER-OF-A-JAVA-17")
        return lacking

    @contextmanager
    def start(self, folder, jvms=1):
        """Format a file system in the folder and start all daemons, in one JVM or in three."""
        cluster = Cluster(folder, jvms)
        try:
            yield cluster.start()
        finally:
            cluster.stop()


class Cluster:
    """The daemons, in a folder of their own."""

    def __init__(self, folder, jvms=1):
        """``folder`` is an empty one, ``jvms`` is 1 or 3."""
        self._folder = os.path.abspath(str(folder))
        self._conf = os.path.join(self._folder, "conf")
        self._bin = os.path.join(self._folder, "bin")
        self._number_of_jvms = jvms
        self._jvms = []  # type: list[Jvm]
        self._web = None

    def start(self):
        """Start all daemons and wait until both nodes are there; what a user of the cluster has to know, as a dict."""
        for name in ("conf", "bin", "logs", "tmp"):
            os.makedirs(os.path.join(self._folder, name))
        path = self._class_path()
        with open(os.path.join(self._folder, LOG_FILE), "w", encoding="ascii") as stream:
            stream.write(LOG4J)
        self._write_site("capacity-scheduler.xml", CAPACITY_SCHEDULER)
        # What containers inherit: Spark's Java, Hadoop's files, and the address that Spark binds to.
        environ = {
            "JAVA_HOME": _java_home(os.path.join(self._folder, "java")),
            "HADOOP_CONF_DIR": self._conf,
            "SPARK_LOCAL_IP": HERE,
        }
        # All of them start at once.
        for number in range(self._number_of_jvms):
            self._jvms.append(Jvm(self._folder, "jvm-%d" % number, path, environ))
        namenode = self._start_masters(self._jvms[0].connect())
        _side_by_side(*[partial(self._start_node, node) for node in range(NODES)])
        wait_until(lambda: self._live_nodes(namenode) == (NODES, NODES), "all nodes of HDFS and of YARN", timeout=120)
        self._write_clients_files()
        return {
            "conf": self._conf,
            "bin": self._bin,
            "hdfs": self._site["fs.defaultFS"],
            "home": self._make_home(),
            "namenode": namenode,
            "resourcemanager": self._web,
            "nodes": [self._jvm_of(node).pid for node in range(NODES)],
            "logs": [self._node_folder(node, "logs") for node in range(NODES)],
        }

    def _jvm_of(self, node):
        return self._jvms[(node + 1) % len(self._jvms)]

    def _node_folder(self, node, name):
        return os.path.join(self._folder, "node-%d" % node, name)

    def _class_path(self):
        """Web pages as files come first: out of a jar each server would unpack the whole of it."""
        needed = jars.paths("hadoop") + jars.paths("hadoop-client")
        web = os.path.join(self._folder, "web")
        for jar in needed:
            if os.path.basename(jar).startswith("hadoop-client-"):
                with zipfile.ZipFile(jar) as archive:
                    archive.extractall(web, [name for name in archive.namelist() if name.startswith("webapps/")])
        return [web] + needed + [self._conf]

    def _write_site(self, name, settings):
        with open(os.path.join(self._conf, name), "w", encoding="utf-8") as site:
            site.write("<configuration>\n")
            for key, value in sorted(settings.items()):
                site.write("<property><name>%s</name><value>%s</value></property>\n" % (key, escape(value)))
            site.write("</configuration>\n")

    def _start_masters(self, jvm):
        """Start NameNode and ResourceManager on free ports and write down where; the NameNode's web address."""
        core = dict(CORE_SITE, **{"hadoop.tmp.dir": os.path.join(self._folder, "tmp")})
        hdfs = dict(HDFS_SITE, **{"dfs.namenode.name.dir": "file://" + os.path.join(self._folder, "namenode")})
        yarn = dict(YARN_SITE, **dict.fromkeys(ADDRESSES, HERE + ":0"))
        # The one that it would not tell.
        yarn[WEB_ADDRESS] = "%s:%d" % (HERE, free_ports(1)[0])
        for kind in ("node-labels", "node-attribute"):
            yarn["yarn.%s.fs-store.root-dir" % kind] = "file://" + os.path.join(self._folder, kind)
        namenode, manager = _side_by_side(
            lambda: _namenode(jvm, core, hdfs), lambda: _resource_manager(jvm, core, yarn)
        )
        core["fs.defaultFS"] = "hdfs://%s:%d" % (HERE, namenode.getNameNodeAddress().getPort())
        for name in ADDRESSES:
            yarn[name] = "%s:%s" % (HERE, manager.getConfig().get(name).rpartition(":")[2])
        for name, settings in ("core-site.xml", core), ("hdfs-site.xml", hdfs), ("yarn-site.xml", yarn):
            self._write_site(name, settings)
        self._site = dict(core, **yarn)
        self._web = "http://" + yarn[WEB_ADDRESS]
        return "http://%s:%d" % (HERE, namenode.getHttpAddress().getPort())

    def _start_node(self, node):
        jvm = self._jvm_of(node).connect()
        _side_by_side(
            lambda: _data_node(jvm, {"dfs.datanode.data.dir": "file://" + self._node_folder(node, "data")}),
            lambda: _node_manager(
                jvm,
                {
                    "yarn.nodemanager.local-dirs": self._node_folder(node, "local"),
                    "yarn.nodemanager.log-dirs": self._node_folder(node, "logs"),
                },
            ),
        )

    def _live_nodes(self, namenode):
        beans = get_json(namenode + "/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState")["beans"]
        metrics = get_json(self._web + "/ws/v1/cluster/metrics")["clusterMetrics"]
        return beans[0]["NumLiveDataNodes"], metrics["activeNodes"]

    def _write_clients_files(self):
        """What an administrator gives the users: Spark's defaults for this cluster, and the command hdfs."""
        home, spark = spark_installed()
        small = " ".join(FAST_START + log_options(home, spark, self._folder))
        defaults = {
            # Spark is installed on every node.
            "spark.yarn.jars": "local:%s/*" % pathname2url(os.path.join(home, "jars")),
            "spark.yarn.am.memory": "512m",
            "spark.yarn.am.extraJavaOptions": small,
            "spark.driver.extraJavaOptions": small,
            "spark.executor.memory": "512m",
            "spark.executor.memoryOverhead": "256m",
            "spark.executor.extraJavaOptions": small,
            # On a busy machine the second executor may be late; a job of few tasks would not wait for it.
            "spark.scheduler.maxRegisteredResourcesWaitingTime": "120s",
            "spark.scheduler.minRegisteredResourcesRatio": "1.0",
        }
        with open(os.path.join(self._conf, "spark-defaults.conf"), "w", encoding="utf-8") as lines:
            for setting in sorted(defaults.items()):
                lines.write("%s %s\n" % setting)
        command = os.path.join(self._bin, "hdfs")
        with open(command, "w", encoding="utf-8") as script:
            script.write(
                HDFS_COMMAND.format(
                    java=quote(daemons_java()),
                    options=" ".join(FAST_START + [quote(_log_option(self._folder))]),
                    conf=self._conf,
                    jars=os.pathsep.join(jars.paths("hadoop-client")),
                )
            )
        os.chmod(command, 0o755)

    def _make_home(self):
        jvm = self._jvms[0].connect()
        conf = jvm.org.apache.hadoop.hdfs.HdfsConfiguration()
        files = jvm.org.apache.hadoop.fs.FileSystem.get(conf)
        home = files.getHomeDirectory()
        files.mkdirs(home)
        return home.toUri().getPath()

    def stop(self):
        """End the applications, then the daemons, then what is left of the containers."""
        try:
            if self._web is not None:
                self._end_applications()
        except OSError:
            # The daemons were killed, or are being.
            pass
        finally:
            for jvm in self._jvms:
                jvm.end()
            end_processes_below(self._folder)

    def _end_applications(self):
        def unfinished():
            apps = get_json(self._web + "/ws/v1/cluster/apps?states=NEW,SUBMITTED,ACCEPTED,RUNNING")["apps"]
            return apps["app"] if apps else []

        for app in unfinished():
            address = "%s/ws/v1/cluster/apps/%s/state" % (self._web, app["id"])
            body = json.dumps({"state": "KILLED"}).encode("ascii")
            urlopen(Request(address, body, {"Content-Type": "application/json"}, method="PUT"), timeout=60).close()
        wait_until(lambda: not unfinished(), "the end of all applications")


def _java():
    return java.first_of(JAVA, os.environ, "Hadoop")[0]


def daemons_java():
    """The command that starts the Java of the daemons, which is not always that of Spark."""
    return os.path.join(_java().home, "bin", "java")


def _log_option(folder):
    return "-Dlog4j.configuration=file:" + os.path.join(folder, LOG_FILE)


def _java_home(folder):
    """A JAVA_HOME for containers: that of the run, else one that Spark can be started from."""
    home = os.environ.get("JAVA_HOME") if os.environ.get("LABPROOF_RUN") else None
    return home or java.launchable_home(java.find(spark_installed()[1], os.environ)[0], folder)


def _side_by_side(*functions):
    """What the functions return: each is called in a thread of its own, as daemons wait more than they compute."""
    with ThreadPoolExecutor(len(functions)) as pool:
        return [future.result() for future in [pool.submit(function) for function in functions]]


def _namenode(jvm, *settings):
    server = jvm.org.apache.hadoop.hdfs.server.namenode.NameNode
    conf = _with(jvm.org.apache.hadoop.hdfs.HdfsConfiguration(), settings)
    server.format(conf)
    return server.createNameNode(jvm.no_arguments, conf)


def _resource_manager(jvm, *settings):
    conf = _with(jvm.org.apache.hadoop.yarn.conf.YarnConfiguration(), settings)
    return _started(jvm.org.apache.hadoop.yarn.server.resourcemanager.ResourceManager(), conf)


def _data_node(jvm, *settings):
    conf = _with(jvm.org.apache.hadoop.hdfs.HdfsConfiguration(), settings)
    return jvm.org.apache.hadoop.hdfs.server.datanode.DataNode.createDataNode(jvm.no_arguments, conf)


def _node_manager(jvm, *settings):
    conf = _with(jvm.org.apache.hadoop.yarn.conf.YarnConfiguration(), settings)
    return _started(jvm.org.apache.hadoop.yarn.server.nodemanager.NodeManager(), conf)


def _with(conf, settings):
    for some in settings:
        for key, value in some.items():
            conf.set(key, value)
    return conf


def _started(service, conf):
    service.init(conf)
    service.start()
    return service


def get_json(address):
    """What a REST interface answers."""
    with urlopen(Request(address, headers={"Accept": "application/json"}), timeout=60) as answer:
        return json.loads(answer.read().decode("utf-8"))


def end_processes_below(folder):
    """Kill the processes that work in or below this folder: containers whose NodeManager is gone."""
    left = []
    for process in psutil.process_iter():
        try:
            if (process.cwd() + os.sep).startswith(folder + os.sep):
                process.kill()
                left.append(process)
        except psutil.Error:
            # It ended meanwhile, or belongs to somebody else.
            continue
    psutil.wait_procs(left, timeout=10)


def _gateway(port, secret):
    """A gateway of py4j's, also of a py4j from before secrets (Spark 2.3's): each connection begins with it."""
    from py4j.java_gateway import GatewayClient, GatewayParameters, JavaGateway

    class Client(GatewayClient):
        def _create_connection(self):
            connection = super(Client, self)._create_connection()
            connection.send_command("A\n%s\n" % secret)
            return connection

    # What Python forgets the daemons still need, and a JVM that is gone needs not be told.
    parameters = GatewayParameters(port=port, enable_memory_management=False)
    gateway = JavaGateway(gateway_parameters=parameters)
    gateway.set_gateway_client(Client(gateway_parameters=parameters))
    return gateway


class Jvm:
    """A JVM that does what Python asks for, and ends when this process does."""

    def __init__(self, folder, name, path, environ):
        """Start it, without waiting: ``path`` is its class path, ``environ`` what it gets beside this process's own."""
        self._log = os.path.join(folder, "logs", name + ".txt")
        self._gateway = None
        command = [daemons_java(), "-Xmx400m", _log_option(folder)] + JAVA_OPTIONS
        for option, place in ("java.io.tmpdir", "tmp"), ("hadoop.log.dir", "logs"):
            command.append("-D%s=%s" % (option, os.path.join(folder, place)))
        command += ["-cp", os.pathsep.join(path), "py4j.GatewayServer", "--enable-auth", "--die-on-broken-pipe", "0"]
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=folder,
                env=dict(os.environ, **environ),
                # Ctrl+C is for who started us.
                start_new_session=True,
            )
        self.pid = self._process.pid

    def connect(self):
        """The classes of the JVM. Raises :class:`ServerDied` when it has ended."""
        if self._gateway is None:
            port, secret = self._process.stdout.readline(), self._process.stdout.readline()
            if not secret:
                raise ServerDied("A JVM of Hadoop's ended at once:\n%s" % end_of(self._log))
            self._gateway = _gateway(int(port), secret.decode("ascii").strip())
            # Two daemons of a kind in one JVM would register their metrics under one name.
            self._gateway.jvm.org.apache.hadoop.metrics2.lib.DefaultMetricsSystem.setMiniClusterMode(True)
            self._gateway.jvm.no_arguments = self._gateway.new_array(self._gateway.jvm.String, 0)
        return self._gateway.jvm

    def end(self):
        """Kill it: there is nothing in it that is worth an orderly end."""
        if self._gateway is not None:
            self._gateway.close()
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
