"""What one run of a suite has to itself: a temporary folder, the environment of its processes, and a keeper.

The process that the user started (under pytest-xdist: the controller) makes the run; workers find it by the
environment variable ``LABPROOF_RUN``.
"""

import getpass
import glob
import locale
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from urllib.request import pathname2url
from xml.etree import ElementTree
from zipfile import ZipFile

from labproof import archive, java, releases
from labproof.doctor import explain
from labproof.handover import MOST_JVMS, read_json, write
from labproof.waiting import wait_until

# What a user's environment may carry from another Spark. A run of the suite is about the Spark that is installed here,
# so these are taken out of its processes' way, and the header says so.
STRAY = [
    "HADOOP_CONF_DIR",
    "JDK_JAVA_OPTIONS",
    "MASTER",
    "PYSPARK_DRIVER_PYTHON",
    "PYSPARK_DRIVER_PYTHON_OPTS",
    "PYSPARK_GATEWAY_PORT",
    "PYSPARK_GATEWAY_SECRET",
    "PYSPARK_PYTHON",
    "PYSPARK_SUBMIT_ARGS",
    "PYTHONSTARTUP",
    "SPARK_API_MODE",
    "SPARK_CONF_DIR",
    "SPARK_CONNECT_MODE_ENABLED",
    "SPARK_DIST_CLASSPATH",
    "SPARK_LOCAL_HOSTNAME",
    "SPARK_LOCAL_IP",
    "SPARK_MASTER",
    "SPARK_REMOTE",
    "SPARK_SUBMIT_OPTS",
    "YARN_CONF_DIR",
]

# Every JVM of a run: on loopback, without a web interface, in UTC, with shuffles sized for a laptop.
EVERYWHERE = [
    "-Dspark.ui.enabled=false",
    "-Dspark.ui.showConsoleProgress=false",
    "-Dspark.sql.shuffle.partitions=2",
    "-Djava.net.preferIPv4Stack=true",
    "-Duser.timezone=UTC",
]


# Two tasks at a time are enough for every claim, and as much as a laptop has to spare.
LOCAL = "local[2]"


class SparkNotFound(Exception):
    """No Spark is installed for this Python; the text says what to do."""


class MasterNotFound(Exception):
    """Nobody answers where the master should be; the text says where."""


class SparkDidNotStart(Exception):
    """The run's JVM could not be started, or could not be replaced; the text says why."""


def spark_installed():
    """The folder and the release of the Spark of this Python, found without importing it."""
    found = find_spec("pyspark")
    if found is None:
        raise SparkNotFound(
            "Spark is not installed for %s. Remedy: %s -m pip install pyspark" % ((sys.executable,) * 2)
        )
    package = os.path.dirname(found.origin)
    return package, releases.of_package(package)


def log_options(home, spark, folder):
    """For each JVM of the Spark in ``home``: what keeps its log from standard output, between a lab's lines.

    What it takes is written into ``folder``.
    """
    minor = releases.numbers(spark)[:2]
    if minor < (2, 4):
        # One of 2.3's jars has a log4j.properties that puts it there.
        return ["-Dlog4j.configuration=org/apache/spark/log4j-defaults.properties"]
    if minor != (3, 3):
        return []
    # Of 3.3 the settings that it has by itself do.
    [core] = glob.glob(os.path.join(glob.escape(home), "jars", "spark-core_*.jar"))
    with ZipFile(core) as jar:
        settings = jar.read("org/apache/spark/log4j2-defaults.properties")
    path = Path(folder, "log4j2.properties")
    path.write_bytes(settings.replace(b"SYSTEM_OUT", b"SYSTEM_ERR"))
    return ["-Dlog4j2.configurationFile=" + path.as_uri()]


def look_for_master(master, environ):
    """What the session needs in its environment for this master: what the user has set for it.

    Raises :class:`MasterNotFound` when nobody listens there: Spark itself would try for a minute.
    """
    if master.startswith("local"):
        return {}
    # What runs on other machines: the user knows how Python is called there.
    python = {name: environ[name] for name in ["PYSPARK_PYTHON"] if name in environ}
    if master == "yarn":
        names = [name for name in ("HADOOP_CONF_DIR", "YARN_CONF_DIR") if os.path.isdir(environ.get(name, ""))]
        if not names:
            raise MasterNotFound(
                "--master yarn needs to know where YARN is. Remedy: HADOOP_CONF_DIR=the folder with yarn-site.xml."
            )
        return dict(python, **{name: environ[name] for name in names})
    found = re.match(r"(spark|sc)://([^/;]+)", master)
    if not found:
        raise MasterNotFound("%s is no master. Remedy: local[2], yarn, spark://HOST:PORT or sc://HOST:PORT." % master)
    usual_port = {"spark": 7077, "sc": 15002}[found.group(1)]
    for place in found.group(2).split(","):
        host, _, port = place.partition(":")
        try:
            socket.create_connection((host, int(port or usual_port)), timeout=5).close()
        except (OSError, ValueError) as error:
            failure = error
        else:
            return python
    raise MasterNotFound(
        "Nobody answers at %s (%s). Remedy: start it, or correct the URL: it is in the log of what you started."
        % (master.partition("/;")[0], failure)
    )


def default_file_system(environ):
    """The address of the file system that a path means for Hadoop, by the configuration that is named; None without."""
    for name in "HADOOP_CONF_DIR", "YARN_CONF_DIR":
        site = os.path.join(environ.get(name, os.devnull), "core-site.xml")
        if os.path.isfile(site):
            return ElementTree.parse(site).findtext("property[name='fs.defaultFS']/value")
    return None


class Run:
    """One run's folder, environment and keeper.

    ``folder`` is temporary and goes when the run ends, however it ends. ``spark`` is the release, ``java`` the Java in
    use, ``notes`` are sentences about what was found in the user's environment and not used.
    """

    def __init__(self, root, build, master=LOCAL, folder=None):
        """Find Spark and Java and prepare what their processes need, without starting any.

        ``root`` is the folder that labs are imported from, ``build`` keeps what outlives the run, ``master`` is where
        the shared session runs its jobs, ``folder`` is the run's own, else a temporary one.
        Raises :class:`SparkNotFound`, :class:`MasterNotFound` or ``java.NoJava``.
        """
        self.notes = []
        # Without a token, which is for nobody to read.
        self.master = master.partition("/;")[0]
        self._clusters_environ = look_for_master(master, os.environ)
        self._file_system = default_file_system(self._clusters_environ)
        self.home, self.spark = spark_installed()
        environ = self._without_strays(dict(os.environ))
        self.java, passed_over = java.find(self.spark, environ)
        self.notes += passed_over
        self.folder = folder or tempfile.mkdtemp(prefix="labproof-")
        self.archive = archive.path_for(self.java, self.home, build)
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        for name in ("tmp", "local", "warehouse", "jvm"):
            os.makedirs(os.path.join(self.folder, name), mode=0o700, exist_ok=True)
        environ["LABPROOF_RUN"] = os.pathsep.join(filter(None, [os.environ.get("LABPROOF_RUN"), self.folder]))
        environ["JAVA_HOME"] = java.launchable_home(self.java, os.path.join(self.folder, "java"))
        environ["SPARK_HOME"] = self.home
        environ["SPARK_LOCAL_IP"] = "127.0.0.1"
        environ["SPARK_LOCAL_DIRS"] = os.path.join(self.folder, "local")
        # What is killed leaves its temporary files; those of Java have an option, below.
        environ["TMPDIR"] = os.path.join(self.folder, "tmp")
        environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
        environ["PYSPARK_PYTHON"] = self._clusters_environ.get("PYSPARK_PYTHON", sys.executable)
        # The functions of a lab are looked up by name where they run, so workers have to see the labs too.
        environ["PYTHONPATH"] = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        environ["TZ"] = "UTC"
        # Split at blanks by a shell script, unlike SPARK_SUBMIT_OPTS.
        environ["SPARK_LAUNCHER_OPTS"] = " ".join(archive.FAST_START)
        if locale.getpreferredencoding(False).upper().replace("-", "") != "UTF8":
            # Java reads and writes file names in the encoding of the locale.
            environ["LC_ALL"] = "C.UTF-8"
        self.environ = environ
        self._set_jvm_options()
        self._keeper = None

    def _without_strays(self, environ):
        for name in STRAY:
            if environ.pop(name, None) is not None and name not in self._clusters_environ:
                self.notes.append("%s is set and was not used" % name)
        home = environ.get("SPARK_HOME")
        at_home = releases.of_home(home) if home else None
        if home and at_home == self.spark:
            self.home = home
        elif home:
            self.notes.append(
                "SPARK_HOME=%s is not used: it holds %s, and pyspark is %s"
                % (home, "Spark " + at_home if at_home else "no Spark", self.spark)
            )
        if environ.get("PYTHONPATH"):
            self.notes.append("PYTHONPATH is set, and used: %s" % environ["PYTHONPATH"])
        if not releases.is_known(self.spark):
            rules = releases.release_for(self.spark).spark
            self.notes.append(
                "Spark %s is not in the table of releases; the rules of %s are used" % (self.spark, rules)
            )
        return environ

    def _set_jvm_options(self):
        fast = archive.FAST_START + archive.options(self.java, self.archive)
        log = log_options(self.home, self.spark, self.folder)
        temporary = ["-Djava.io.tmpdir=" + self.environ["TMPDIR"]]
        # Hive, until Spark 3.1, leaves /tmp/hive, wherever Java's temporary files are.
        hive = ["-Dspark.hadoop.hive.exec.scratchdir=" + os.path.join(self.environ["TMPDIR"], "hive")]
        of_executors = archive.FAST_START + log
        if self.master.startswith("local"):
            # On this machine, also those of a cluster that a test starts.
            of_executors += temporary
        executors = ["-Dspark.executor.extraJavaOptions=" + archive.quoted(of_executors)]
        # Of executors on this machine. A path may have some hundred characters, less than a folder of macOS leaves.
        sockets = [
            "-Dspark.python.unix.domain.socket.enabled=true",
            "-Dspark.python.unix.domain.socket.dir=" + self.folder,
        ]
        if len(self.folder) > 60 or not self.master.startswith("local"):
            sockets = []
        own = sockets + temporary + hive + executors + log
        self.environ["SPARK_SUBMIT_OPTS"] = archive.quoted(fast + EVERYWHERE + own)

    def make_archive(self):
        """Make the class archive and use it from now on; raises as ``archive.make``."""
        archive.make(self.java, self.environ, self.archive)
        self._set_jvm_options()
        self._tell_keeper()

    def start_keeper(self, watch=False):
        """Start the process that keeps this run's JVM and, when this process ends, ends all that the run started.

        ``watch`` is whether it also watches that nothing of the run listens beyond loopback.
        """
        self._tell_keeper()
        self._keeper = subprocess.Popen(
            [sys.executable, "-m", "labproof.keeper", self.folder] + (["--watch"] if watch else []),
            stdin=subprocess.PIPE,
            # Its output would end with the terminal's; it writes what it has to say into the folder.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self._jvm_environ(),
            start_new_session=True,
        )

    def _tell_keeper(self):
        """How to start a JVM, which it looks up when one is wanted."""
        command = [os.path.join(self.home, "bin", "spark-submit")] + self._jvm_settings() + ["pyspark-shell"]
        write(self.folder, "keeper", {"command": command, "options": self.environ["SPARK_SUBMIT_OPTS"]})

    def _jvm_environ(self):
        environ = dict(self.environ, PYTHONPATH=_with_labproof(self.environ["PYTHONPATH"]))
        environ.update(self._clusters_environ)
        if not self.master.startswith("local") and "//127.0.0.1:" not in (self._file_system or self.master):
            # Executors on other machines have to reach this one.
            del environ["SPARK_LOCAL_IP"]
        return environ

    def _jvm_settings(self):
        settings = {
            "spark.master": self.master,
            "spark.app.name": "labproof",
            # Workers run their jobs side by side.
            "spark.scheduler.mode": "FAIR",
            "spark.sql.warehouse.dir": os.path.join(self.folder, "warehouse"),
            # On a cluster, as much as two laptop cores, and the labs where this process finds them.
            "spark.cores.max": "2",
            "spark.executor.instances": "2",
            "spark.executor.memory": "512m",
            "spark.executorEnv.PYTHONPATH": self.environ["PYTHONPATH"],
            "spark.yarn.jars": "local:%s/*" % pathname2url(os.path.join(self.home, "jars")),
        }
        if self.master.startswith("local") and releases.numbers(self.spark) >= (3,):
            # Earlier ones have no such setting.
            settings["spark.python.daemon.module"] = "labproof.workers"
        if self._file_system is not None:
            # A path means the local disk, as for every other master; what YARN hands round stays where it would be.
            settings["spark.hadoop.fs.defaultFS"] = "file:///"
            settings["spark.yarn.stagingDir"] = "%s/user/%s" % (self._file_system.rstrip("/"), getpass.getuser())
            # Java reads the names of files in the encoding of the locale, which containers are without.
            settings["spark.executorEnv.LC_ALL"] = "C.UTF-8"
        return [word for setting in sorted(settings.items()) for word in ("--conf", "%s=%s" % setting)]

    def deaths(self):
        """What the keeper wrote about each JVM that ended before the run did: dicts with cause and log."""
        jvms = os.path.join(self.folder, "jvm")
        return [read_json(os.path.join(jvms, name)) for name in sorted(os.listdir(jvms)) if name.startswith("died-")]

    def exposed(self):
        """Sentences about what listened beyond loopback while the keeper watched."""
        return read_json(os.path.join(self.folder, "exposed.json")) or []

    def close(self):
        """End the keeper, and with it the JVM, whatever else the run started and its folder."""
        if self._keeper is None:
            shutil.rmtree(self.folder, ignore_errors=True)
            return
        self._keeper.stdin.close()
        self._keeper.wait()


def _with_labproof(path):
    return os.pathsep.join([os.path.dirname(os.path.dirname(os.path.abspath(__file__))), path])


class Gateways:
    """The run's JVMs as a worker sees them: files that the keeper writes into the run's folder."""

    def __init__(self, folder):
        self._folder = os.path.join(folder, "jvm")
        self._process = None
        self.generation = 0

    def make_folder(self):
        """Make the folder, which may be before the run is made."""
        os.makedirs(os.path.dirname(self._folder), mode=0o700, exist_ok=True)
        os.makedirs(self._folder, mode=0o700, exist_ok=True)

    def want(self):
        """Ask the keeper for a JVM; the first to ask gets it started."""
        open(os.path.join(self._folder, "wanted"), "w").close()

    def next(self):
        """The address of the first JVM after the one in use: a dict with port, secret and pid.

        Waits for it. Raises :class:`SparkDidNotStart` with the keeper's words.
        """
        self.want()

        def newest():
            # The run may have gone through several JVMs while this worker did something else.
            for generation in range(self.generation + 1, self.generation + 2 + MOST_JVMS):
                failure = self._read("failed-%d.json" % generation)
                if failure:
                    raise SparkDidNotStart(_explained(failure["cause"], failure["log"]))
                gateway = self._read("gateway-%d.json" % generation)
                if gateway and not self._read("died-%d.json" % generation):
                    self.generation = generation
                    self._process = _process(gateway["pid"])
                    return gateway
            return None

        return wait_until(newest, "the JVM of this run", timeout=180)

    def died(self):
        """Whether the JVM in use has ended; known before the keeper has noticed."""
        return not self._process.is_running() or self._process.status() == "zombie"

    def tell_of_failure(self):
        """Whether this process is the one to say that Spark did not start: once a run is enough."""
        try:
            os.close(os.open(os.path.join(self._folder, "told"), os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        return True

    def told_of_failure(self):
        """Whether it has been said that Spark did not start."""
        return os.path.exists(os.path.join(self._folder, "told"))

    def _read(self, name):
        return read_json(os.path.join(self._folder, name))


def _process(pid):
    # Imported here: it takes as long as the rest of the plugin, also where no test wants Spark.
    import psutil

    return psutil.Process(pid)


def _explained(cause, log):
    """What to tell of a Spark that did not start: the cause and the remedy where they are known, else Java's words."""
    finding = explain(log)
    if finding is None:
        return "%s\n%s" % (cause, log)
    return "%s\nSeen: %s\nWhy: %s\nRemedy: %s" % (cause, finding.seen, finding.why, finding.remedy)
