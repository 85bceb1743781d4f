"""The doctor: each cause of trouble is made for real, and found beforehand or recognised afterwards."""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labproof import doctor
from labproof.causes import CAUSES, NEVER

DOCTOR = doctor.__file__
PYTHON_VERSION = "%d.%d" % sys.version_info[:2]


def program(path, text="exit 0"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n%s\n" % text)
    path.chmod(0o755)
    return path


def java_of(folder, version, modules="java.base jdk.incubator.vector"):
    """A folder that looks like a JDK; its ``java`` leaves a file behind when somebody starts it."""
    program(folder / "bin" / "java", ": > '%s'" % (folder / "was-started"))
    (folder / "release").write_text('JAVA_VERSION="%s"\nMODULES="%s"\n' % (version, modules))
    return folder


def pyspark_of(folder, version):
    """A folder for PYTHONPATH with as much of a pyspark as can be looked at."""
    (folder / "pyspark").mkdir(parents=True)
    (folder / "pyspark" / "__init__.py").write_text("raise AssertionError('the doctor imports no pyspark')\n")
    (folder / "pyspark" / "version.py").write_text("__version__: str = '%s'\n" % version)
    return folder


def spark_of(folder, version):
    """A folder for SPARK_HOME with as much of a Spark as can be looked at."""
    (folder / "jars").mkdir(parents=True)
    (folder / "jars" / ("spark-core_2.13-%s.jar" % version)).write_text("")
    return folder


@pytest.fixture
def machine(tmp_path):
    """The environment of a machine where nothing is wrong: Spark 3.5.9 with Java 17 and the usual programs."""
    programs = tmp_path / "bin"
    for name in ("make", "nc", "sbatch", "spark-submit"):
        program(programs / name)
    for name in ("sh", "ps", "env"):
        if shutil.which(name):
            (programs / name).symlink_to(shutil.which(name))
    return {
        "HOME": str(tmp_path),
        "JAVA_HOME": str(java_of(tmp_path / "java", "17.0.15")),
        "LC_ALL": "C.UTF-8",
        "PATH": str(programs),
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": str(pyspark_of(tmp_path / "packages", "3.5.9")),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "TMPDIR": "/tmp",
    }


@pytest.fixture
def course(tmp_path):
    """A course with a lab that needs nothing but Spark."""
    (tmp_path / "course" / "labs" / "lab1").mkdir(parents=True)
    (tmp_path / "course" / "labs" / "lab1" / "rdd.py").write_text("print(sc.textFile(path).count())\n")
    return tmp_path / "course"


def findings(environ, folder, *arguments, python=(sys.executable,), prefix=()):
    """What the doctor finds, by cause; what it says on standard error is shown where it says no JSON."""
    command = list(prefix) + list(python) + [DOCTOR, "--json"] + list(arguments)
    done = subprocess.run(
        command,
        cwd=str(folder),
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    assert done.stdout, done.stderr
    found = {finding["cause"]: finding for finding in json.loads(done.stdout)}
    assert done.returncode == int(any(finding["fails"] for finding in found.values()))
    return found


def lab_of(course, name, file, text):
    """A lab with one file; the arguments that ask for it."""
    folder = course / "labs" / name
    folder.mkdir()
    (folder / file).write_text(text)
    return ["--lab", name]


def python_of(release):
    """Another Python of this machine."""
    pyenv = sorted(Path("~/.pyenv/versions").expanduser().glob(release + ".*/bin/python"))
    found = str(pyenv[-1]) if pyenv else shutil.which("python" + release)
    if not found:
        pytest.skip("needs Python %s: pyenv install %s" % (release, release))
    return found


def in_namespace(script):
    """A prefix that runs a command on a machine of its own, where ``script`` has mounted or renamed what it likes."""
    unshare = [shutil.which("unshare") or "unshare", "--map-root-user", "--mount", "--uts"]
    try:
        subprocess.check_output(unshare + ["true"], stderr=subprocess.STDOUT)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs user namespaces: sysctl kernel.unprivileged_userns_clone=1")
    script = 'own=$PATH; PATH=/usr/sbin:/usr/bin:/sbin:/bin; %s; PATH=$own; exec "$@"' % script
    return unshare + ["/bin/sh", "-ec", script, "sh"]


# Whole visits.


def test_a_machine_where_nothing_is_wrong_is_ready(machine, course, tmp_path):
    spark = doctor.Machine({}, str(course)).fitting_spark()
    machine["PYTHONPATH"] = str(pyspark_of(tmp_path / "fitting", spark))
    machine["JAVA_HOME"] = str(java_of(tmp_path / "fitting-java", str(doctor.releases.java_for(spark)[0])))
    # Another test may have left a session for a moment.
    assert set(findings(machine, course, python=(sys.executable, "-S"))) <= {"leftover"}


def test_no_java_is_started(machine, course):
    findings(machine, course)
    assert not os.path.exists(os.path.join(machine["JAVA_HOME"], "was-started"))


def test_the_oldest_python_runs_it_before_anything_is_installed(machine, course):
    python = [python_of("3.6"), "-S"]
    found = findings(dict(machine, PYTHONPATH=""), course, python=python)
    assert "-m pip install pyspark==3.2.4" in found["no-pyspark"]["remedy"]


def test_python_2_is_told_so():
    done = subprocess.run([python_of("2.7"), DOCTOR], stderr=subprocess.PIPE, universal_newlines=True)
    assert done.returncode == 1
    assert done.stderr.startswith("This is Python 2.7, and Spark needs Python 3: python3 ")


def test_each_finding_says_what_was_seen_why_it_matters_and_what_mends_it(machine, course):
    environ = dict(machine, JAVA_HOME="/nowhere")
    done = subprocess.run([sys.executable, DOCTOR], cwd=str(course), env=environ, stdout=subprocess.PIPE)
    lines = done.stdout.decode("utf-8").splitlines()
    at = lines.index("FAILS  JAVA_HOME=/nowhere has no Java in it")
    assert lines[at + 1] == "       Spark takes the Java of JAVA_HOME and looks for no other (JAVA_GATEWAY_EXITED)."
    assert lines[at + 2].startswith("       -> ")
    assert done.returncode == 1


def test_a_lab_that_is_not_there_is_said_with_those_that_are(machine, course):
    done = subprocess.run(
        [sys.executable, DOCTOR, "--lab", "7"],
        cwd=str(course),
        env=machine,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    assert done.returncode == 2
    assert "there is no lab 7; there are: lab1" in done.stderr


def test_a_lab_is_looked_at_alone_when_asked_for_by_its_number(machine, course):
    lab_of(course, "lab5", "perceptron.py", "from pyspark.ml.classification import MultilayerPerceptronClassifier")
    python = (sys.executable, "-S")
    assert "numpy" in findings(machine, course, python=python)
    assert "numpy" in findings(machine, course, "--lab", "5", python=python)
    assert "numpy" not in findings(machine, course, "--lab", "1", python=python)


def test_a_path_that_the_locale_cannot_print_does_not_stop_it(machine, course):
    environ = dict(machine, LC_ALL="C", PYTHONIOENCODING="ascii", JAVA_HOME="/Zo\u00eb".encode().decode("latin-1"))
    done = subprocess.run([sys.executable, DOCTOR], cwd=str(course), env=environ, stdout=subprocess.PIPE)
    assert b"\nFAILS  JAVA_HOME=/Zo" in done.stdout


# Java.


def test_no_java(machine, course):
    del machine["JAVA_HOME"]
    found = findings(machine, course)["no-java"]
    assert found["seen"] == "no Java on PATH, and JAVA_HOME is not set"
    assert found["fails"]


def test_java_home_leads_nowhere(machine, course):
    assert (
        findings(dict(machine, JAVA_HOME="/nowhere"), course)["java-home"]["seen"]
        == "JAVA_HOME=/nowhere has no Java in it"
    )


def test_too_old_a_java_in_front_of_path(machine, course, tmp_path):
    del machine["JAVA_HOME"]
    old = java_of(tmp_path / "old", "1.7.0_80")
    machine["PATH"] = "%s:%s" % (old / "bin", machine["PATH"])
    found = findings(machine, course)["java-too-old"]
    assert found["seen"] == "Java 1.7.0_80 in %s, by PATH" % old
    assert "Java 8, 11, 17 or 21" in found["why"]


def test_too_new_a_java_behind_a_link_on_path(machine, course, tmp_path):
    del machine["JAVA_HOME"]
    new = java_of(tmp_path / "new", "25.0.3")
    (Path(machine["PATH"]) / "java").symlink_to(new / "bin" / "java")
    assert findings(machine, course)["java-too-new"]["seen"] == "Java 25.0.3 in %s, by PATH" % new


def test_a_java_between_those_that_were_tried_may_do(machine, course, tmp_path):
    machine["JAVA_HOME"] = str(java_of(tmp_path / "between", "18.0.2"))
    assert not findings(machine, course)["java-untried"]["fails"]


def test_a_java_without_the_module_that_spark_4_asks_for(machine, course, tmp_path):
    machine["PYTHONPATH"] = str(pyspark_of(tmp_path / "four", "4.3.0"))
    machine["JAVA_HOME"] = str(java_of(tmp_path / "image", "17.0.9", modules="java.base java.sql"))
    assert findings(machine, course)["java-modules"]["fails"]


def test_a_java_without_a_release_file_is_asked(machine, course, tmp_path):
    said = "echo '    java.home = /opt/jdk7' >&2; echo '    java.version = 1.7.0_80' >&2"
    program(tmp_path / "launcher" / "bin" / "java", said)
    machine["JAVA_HOME"] = str(tmp_path / "launcher")
    assert findings(machine, course)["java-too-old"]["seen"].startswith("Java 1.7.0_80 in ")


def test_a_fitting_java_of_this_machine_is_offered_first(machine, course, tmp_path, monkeypatch):
    java_of(tmp_path / "jvm" / "java-7", "1.7.0_80")
    fitting = java_of(tmp_path / "jvm" / "java-with a blank", "17.0.15")
    monkeypatch.setattr(doctor, "JAVA_FOLDERS", (str(tmp_path / "jvm" / "*"),))
    looked_at = doctor.Machine(dict(machine, JAVA_HOME="/nowhere"), str(course))
    looked_at.spark = "3.5.9"
    (found,) = [finding for finding in doctor.examine(looked_at) if finding.cause == "java-home"]
    assert found.remedy == "export JAVA_HOME='%s'" % fitting


# Python.


def test_too_new_a_python(machine, course, tmp_path):
    machine["PYTHONPATH"] = str(pyspark_of(tmp_path / "deck", "2.3.0"))
    found = findings(machine, course, python=[python_of("3.11")])["python-too-new"]
    assert found["why"].startswith("Spark 2.3.0 works with Python 3.6 to 3.6;")
    assert found["remedy"] == "python3.6 -m venv .venv && .venv/bin/pip install pyspark==2.3.0"


def test_too_old_a_python(machine, course, tmp_path):
    machine["PYTHONPATH"] = str(pyspark_of(tmp_path / "newest", "4.3.0"))
    assert findings(machine, course, python=[python_of("3.6")])["python-too-old"]["fails"]


def test_no_distutils(machine, course):
    found = findings(machine, course, python=[python_of("3.12"), "-S"])["no-distutils"]
    assert found["remedy"].endswith(" -m pip install setuptools")


def test_the_workers_python_is_another(machine, course, tmp_path):
    machine["PYSPARK_PYTHON"] = str(program(tmp_path / "other" / "python", "echo 3.1"))
    found = findings(machine, course)["worker-python"]
    assert found["seen"].endswith("/other/python is Python 3.1, this is Python " + PYTHON_VERSION)
    assert found["remedy"] == "export PYSPARK_PYTHON=" + sys.executable


def test_the_python_on_path_is_another_than_the_one_that_runs_the_program(machine, course):
    del machine["PYSPARK_PYTHON"]
    program(Path(machine["PATH"]) / "python3", "echo 3.1")
    assert findings(machine, course)["worker-python"]["seen"].startswith("workers run `python3`: ")


def test_the_python_on_path_is_of_another_environment(machine, course):
    del machine["PYSPARK_PYTHON"]
    program(Path(machine["PATH"]) / "python3", "echo " + PYTHON_VERSION)
    assert not findings(machine, course)["worker-python-elsewhere"]["fails"]


def test_the_workers_python_is_not_there(machine, course):
    machine["PYSPARK_PYTHON"] = "/nowhere/python"
    assert "PYSPARK_PYTHON=/nowhere/python" in findings(machine, course)["worker-python-missing"]["seen"]


def test_the_prompts_python_is_not_there(machine, course):
    machine["PYSPARK_DRIVER_PYTHON"] = "jupyter"
    assert "PYSPARK_DRIVER_PYTHON=jupyter" in findings(machine, course)["worker-python-missing"]["seen"]


def test_the_store_of_windows_answers_for_python(machine, course, tmp_path):
    machine["PYSPARK_PYTHON"] = str(program(tmp_path / "WindowsApps" / "python3"))
    assert findings(machine, course)["python-alias"]["fails"]


# Spark.


def test_no_pyspark(machine, course):
    del machine["PYTHONPATH"]
    assert findings(machine, course, python=(sys.executable, "-S"))["no-pyspark"]["fails"]


def test_a_spark_that_nobody_has_tried(machine, course, tmp_path):
    machine["PYTHONPATH"] = str(pyspark_of(tmp_path / "future", "99.1.0"))
    assert not findings(machine, course)["spark-unknown"]["fails"]


def test_spark_home_leads_nowhere(machine, course):
    found = findings(dict(machine, SPARK_HOME="/nowhere"), course)["spark-home"]
    assert found["remedy"] == "unset SPARK_HOME"


def test_spark_home_is_of_another_release(machine, course, tmp_path):
    machine["SPARK_HOME"] = str(spark_of(tmp_path / "spark", "3.4.4"))
    assert findings(machine, course)["spark-home-other"]["seen"].endswith("is Spark 3.4.4, pyspark is 3.5.9")


def test_spark_home_of_the_same_release_is_fine(machine, course, tmp_path):
    machine["SPARK_HOME"] = str(spark_of(tmp_path / "spark", "3.5.9"))
    assert not {"spark-home", "spark-home-other"} & set(findings(machine, course))


def test_spark_home_alone_will_do(machine, course, tmp_path):
    machine["SPARK_HOME"] = str(spark_of(tmp_path / "spark", "3.4.4"))
    found = findings(dict(machine, PYTHONPATH=""), course, python=(sys.executable, "-S"))
    assert not {"no-pyspark", "spark-home", "spark-home-other"} & set(found)


def test_spark_submit_is_not_on_path(machine, course):
    os.remove(os.path.join(machine["PATH"], "spark-submit"))
    assert not findings(machine, course)["spark-submit"]["fails"]


def test_arguments_that_spark_submit_ends_at(machine, course):
    machine["PYSPARK_SUBMIT_ARGS"] = "--master local[2]"
    found = findings(machine, course)["submit-args"]
    assert found["remedy"] == "export PYSPARK_SUBMIT_ARGS='--master local[2] pyspark-shell'"


# The network and other sessions.


def test_a_name_that_leads_to_no_address(machine, course):
    machine["SPARK_LOCAL_IP"] = "no-such-host.invalid"
    assert findings(machine, course)["host-name"]["remedy"] == "export SPARK_LOCAL_IP=127.0.0.1"


def test_this_machines_own_name_leads_to_no_address(machine, course):
    del machine["SPARK_LOCAL_IP"]
    prefix = in_namespace("echo no-such-host > /proc/sys/kernel/hostname")
    found = findings(machine, course, prefix=prefix)["host-name"]
    assert found["seen"] == "the name no-such-host does not lead to an address"


def test_an_address_of_another_machine(machine, course):
    machine["SPARK_LOCAL_IP"] = "203.0.113.1"
    assert findings(machine, course)["address"]["seen"] == "203.0.113.1 is 203.0.113.1, where this machine can't listen"


@pytest.mark.parametrize("service", ["spark.ui.port", "spark.driver.port"])
def test_a_port_that_is_taken(machine, course, tmp_path, service):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        (tmp_path / "spark-defaults.conf").write_text("%s %d\nspark.port.maxRetries=0\n" % (service, port))
        found = findings(dict(machine, SPARK_CONF_DIR=str(tmp_path)), course)["ports"]
    assert found["seen"] == "%s: the ports from %d to %d are taken" % (service, port, port)


def test_a_session_that_was_stopped_with_ctrl_z(machine, course):
    if not shutil.which("ps"):
        pytest.skip("needs ps: apt-get install procps")
    waiting = "import signal; signal.pause()"
    session = subprocess.Popen([sys.executable, "-c", waiting, "org.apache.spark.deploy.SparkSubmit", "lab.py"])
    try:
        session.send_signal(signal.SIGSTOP)
        os.waitpid(session.pid, os.WUNTRACED)
        found = findings(machine, course)["leftover"]
    finally:
        session.kill()
        session.wait()
    assert str(session.pid) in found["remedy"]


def test_a_session_that_lost_its_program(machine, course):
    if not shutil.which("ps"):
        pytest.skip("needs ps: apt-get install procps")
    session = [sys.executable, "-c", "import sys; sys.stdin.read()", "org.apache.spark.deploy.SparkSubmit"]
    with subprocess.Popen(
        ["sh", "-c", 'exec 3<&0; "$@" <&3 >/dev/null & echo $!', "sh"] + session,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as shell:
        pid = shell.stdout.read().decode().strip()
        shell.wait()
        if subprocess.check_output(["ps", "-o", "ppid=", "-p", pid]).strip() != b"1":
            pytest.skip("needs a system that gives orphans to process 1")
        found = findings(machine, course)["leftover"]
        # It ends with its input, that is with this block.
    assert pid in found["remedy"].split()


def test_a_derby_store_that_another_session_uses(machine, course):
    lab_of(course, "lab4", "hive.py", "SparkSession.builder.enableHiveSupport()")
    store = course / "labs" / "lab4" / "metastore_db"
    store.mkdir()
    with open(str(store / "dbex.lck"), "wb") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        found = findings(machine, course)["derby-lock"]
    assert found["seen"] == "%s is in use" % store
    assert found["remedy"] in ("kill %d (the other session)" % os.getpid(), "end the other session")


def test_a_derby_store_that_a_dead_session_left_is_fine(machine, course):
    lab_of(course, "lab4", "hive.py", "SparkSession.builder.enableHiveSupport()")
    store = course / "labs" / "lab4" / "metastore_db"
    store.mkdir()
    (store / "dbex.lck").write_bytes(b"")
    assert "derby-lock" not in findings(machine, course)


# Folders, memory, output.


def folder_that_nobody_can_write_to(tmp_path):
    if os.geteuid() == 0:
        return "/proc"
    (tmp_path / "shut").mkdir(mode=0o555)
    return str(tmp_path / "shut")


def test_a_folder_that_cannot_be_written_to(machine, course, tmp_path):
    folder = folder_that_nobody_can_write_to(tmp_path)
    lab_of(course, "lab4", "files.py", 'df.write.save("output")')
    found = findings(machine, folder, "--lab", str(course / "labs" / "lab4"))["folder"]
    assert found["seen"].startswith(folder + ": ")


def test_a_lab_that_writes_nothing_may_run_anywhere(machine, course, tmp_path):
    folder = folder_that_nobody_can_write_to(tmp_path)
    assert "folder" not in findings(machine, folder, "--lab", str(course / "labs" / "lab1"))


def test_a_temporary_folder_that_cannot_be_written_to(machine, course, tmp_path):
    folder = folder_that_nobody_can_write_to(tmp_path)
    assert "folder" in findings(dict(machine, SPARK_LOCAL_DIRS=folder), course)


def test_a_disk_without_room(machine, course, tmp_path):
    (tmp_path / "small").mkdir()
    machine["SPARK_LOCAL_DIRS"] = str(tmp_path / "small")
    prefix = in_namespace("mount -t tmpfs -o size=20m tmpfs '%s'" % (tmp_path / "small"))
    assert findings(machine, course, prefix=prefix)["disk-full"]["seen"].endswith("/small has 20 MB free")


def test_a_disk_that_is_full(machine, course, tmp_path):
    (tmp_path / "full").mkdir()
    machine["SPARK_LOCAL_DIRS"] = str(tmp_path / "full")
    script = "mount -t tmpfs -o size=64k tmpfs '{0}'; dd if=/dev/zero of='{0}/zeros' bs=4k count=16 status=none"
    found = findings(machine, course, prefix=in_namespace(script.format(tmp_path / "full")))["disk-full"]
    assert found["seen"].endswith("/full: No space left on device")


def test_a_folder_that_no_library_can_be_loaded_from(machine, course, tmp_path):
    (tmp_path / "unpacked").mkdir()
    machine["JAVA_TOOL_OPTIONS"] = "-Xmx1g -Djava.io.tmpdir=%s" % (tmp_path / "unpacked")
    prefix = in_namespace("mount -t tmpfs -o noexec tmpfs '%s'" % (tmp_path / "unpacked"))
    assert findings(machine, course, prefix=prefix)["noexec"]["seen"].endswith("/unpacked is mounted noexec")


def test_a_path_too_long_for_a_socket(machine, course, tmp_path):
    folder = tmp_path / ("long" * 20)
    folder.mkdir()
    assert not findings(dict(machine, TMPDIR=str(folder)), course)["socket-path"]["fails"]


def test_too_little_address_space(machine, course):
    prefix = ["/bin/sh", "-c", 'ulimit -v 2000000 && exec "$@"', "sh"]
    found = findings(machine, course, prefix=prefix)["memory"]
    assert found["seen"] == "a process may have 1953 MB of address space (ulimit -v)"


def test_too_little_memory(machine, course, tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal:       16000000 kB\nMemAvailable:     300000 kB\n")
    prefix = in_namespace("mount --bind '%s' /proc/meminfo" % (tmp_path / "meminfo"))
    assert findings(machine, course, prefix=prefix)["memory"]["seen"] == "292 MB of memory are available"


@pytest.mark.parametrize("name", ["C", "POSIX", "de_DE.ISO-8859-1"])
def test_a_locale_that_has_only_few_characters(machine, course, name):
    assert findings(dict(machine, LC_ALL=name), course)["locale"]["seen"] == "the locale is " + name


def test_no_locale_at_all(machine, course):
    del machine["LC_ALL"]
    assert findings(machine, course)["locale"]["seen"] == "the locale is C"


def test_a_locale_that_is_not_installed(machine, course):
    found = findings(dict(machine, LC_ALL="xx_YY.UTF-8"), course)["locale"]
    assert found["seen"] == "the locale xx_YY.UTF-8 is not installed"


def test_a_clock_that_is_behind(machine, course, tmp_path):
    installed = tmp_path / "installed" / "labproof"
    shutil.copytree(os.path.dirname(DOCTOR), str(installed), ignore=shutil.ignore_patterns("__pycache__"))
    later = time.time() + 3.5 * 86400
    os.utime(str(installed / "doctor.py"), (later, later))
    done = subprocess.run(
        [sys.executable, str(installed / "doctor.py")], cwd=str(course), env=machine, stdout=subprocess.PIPE
    )
    assert b", 3 days before this program was installed\n" in done.stdout


# What single labs need.


@pytest.mark.parametrize(
    ("cause", "file", "text"),
    [
        ("numpy", "tour.py", "from pyspark.mllib.linalg import Vectors"),
        ("jupyter", "lab3.ipynb", '{"nbformat": 4}'),
        ("deep-learning", "lenet5.py", "from bigdl.dllib.nn.layer import Linear"),
    ],
)
def test_a_package_that_a_lab_imports_is_missing(machine, course, cause, file, text):
    asked = lab_of(course, "lab", file, text)
    assert findings(machine, course, *asked, python=(sys.executable, "-S"))[cause]["fails"]


@pytest.mark.parametrize(
    ("cause", "program", "file", "text", "fails"),
    [
        ("make", "make", "Makefile", "rdd:", False),
        ("netcat", "nc", "Makefile", "nc:\n\tnc -lk 127.0.0.1 $(PORT)", False),
        ("slurm", "sbatch", "single.batch", "#SBATCH --nodes=1", True),
    ],
)
def test_a_program_that_a_lab_runs_is_missing(machine, course, cause, program, file, text, fails):
    asked = lab_of(course, "lab", file, text)
    assert cause not in findings(machine, course, *asked)
    os.remove(os.path.join(machine["PATH"], program))
    assert findings(machine, course, *asked)[cause]["fails"] is fails


def test_what_only_a_cluster_has_is_missed_only_when_its_lab_is_asked_for(machine, course):
    lab_of(course, "lab7", "single.batch", "#SBATCH --nodes=1")
    os.remove(os.path.join(machine["PATH"], "sbatch"))
    assert "slurm" not in findings(machine, course)
    assert "slurm" in findings(machine, course, "--lab", "7")


@pytest.mark.parametrize(
    ("version", "seen"),
    [("0.20.1", "older than 1.0.5"), ("99.0.0", "newer than it knows")],
)
def test_a_pandas_that_this_spark_does_not_take(machine, course, tmp_path, version, seen):
    packages = Path(machine["PYTHONPATH"])
    (packages / "pandas").mkdir()
    (packages / "pandas" / "__init__.py").write_text("")
    (packages / ("pandas-%s.dist-info" % version)).mkdir()
    (packages / "pyspark" / "sql" / "pandas").mkdir(parents=True)
    (packages / "pyspark" / "sql" / "pandas" / "utils.py").write_text('    minimum_pandas_version = "1.0.5"\n')
    found = findings(machine, course, "--lab", "1", python=(sys.executable, "-S"))["pandas"]
    assert found["seen"] == "pandas %s with Spark 3.5.9, %s" % (version, seen)
    assert "'pandas>=1.0.5,<3'" in found["remedy"]
    assert not found["fails"]
    asked = lab_of(course, "lab2", "frame.py", "df.toPandas()")
    assert findings(machine, course, *asked, python=(sys.executable, "-S"))["pandas"]["fails"]


def test_a_hadoop_configuration_that_is_not_there_matters_to_labs_on_yarn_only(machine, course):
    lab_of(course, "lab7", "Makefile", "spark-submit --master yarn perceptron.py")
    machine["HADOOP_CONF_DIR"] = str(course)
    assert findings(machine, course, "--lab", "7")["hadoop-conf"]["seen"].endswith(", where no *-site.xml is")
    machine["HADOOP_CONF_DIR"] = "/nowhere"
    assert findings(machine, course, "--lab", "7")["hadoop-conf"]["fails"]
    assert not findings(machine, course, "--lab", "1")["hadoop-conf"]["fails"]
    del machine["HADOOP_CONF_DIR"]
    assert findings(machine, course, "--lab", "7")["hadoop-conf"]["fails"]
    assert "hadoop-conf" not in findings(machine, course, "--lab", "1")


def test_a_hadoop_configuration_that_is_there(machine, course, tmp_path):
    asked = lab_of(course, "lab7", "Makefile", "spark-submit --master yarn perceptron.py")
    (tmp_path / "yarn-site.xml").write_text("<configuration/>")
    assert "hadoop-conf" not in findings(dict(machine, HADOOP_CONF_DIR=str(tmp_path)), course, *asked)


def test_windows_without_winutils(machine, course, tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "WINDOWS", True)
    without = doctor.Machine(dict(machine, HADOOP_HOME=str(tmp_path)), str(course))
    assert [cause for cause, _ in doctor.check_windows(without)] == ["winutils"]
    program(tmp_path / "bin" / "winutils.exe")
    assert list(doctor.check_windows(without)) == []


# The same causes in what a session printed that did not start. The lines were printed by Spark 2.4.8 to 4.3.0.

PRINTED = [
    ("no-pyspark", "ModuleNotFoundError: No module named 'pyspark'"),
    ("java-modules", "java.lang.module.FindException: Module jdk.incubator.vector not found"),
    (
        "java-too-old",
        "\tjava.lang.UnsupportedClassVersionError: org/apache/spark/launcher/Main has been compiled by a more recent "
        "version of the Java Runtime (class file version 61.0), this version of the Java Runtime only recognizes class "
        "file versions up to 55.0",
    ),
    ("java-too-new", ": java.lang.UnsupportedOperationException: getSubject is not supported"),
    ("java-too-new", ": java.lang.IllegalArgumentException: Unsupported class file major version 61"),
    (
        "java-too-new",
        "Caused by: java.lang.reflect.InaccessibleObjectException: Unable to make private java.nio.DirectByteBuffer"
        '(long,int) accessible: module java.base does not "opens java.nio" to unnamed module @69eee410',
    ),
    ("java-home", "/pyspark/bin/spark-class: line 71: /no/such/java/bin/java: No such file or directory"),
    ("no-java", "JAVA_HOME is not set"),
    ("no-java", "The operation couldn't be completed. Unable to locate a Java Runtime."),
    ("submit-args", "Error: Missing application resource."),
    (
        "worker-python",
        "pyspark.errors.exceptions.base.PySparkRuntimeError: [PYTHON_VERSION_MISMATCH] Python in worker has different "
        "version: 3.10 than that in driver: 3.11, PySpark cannot run with different minor versions.",
    ),
    (
        "worker-python",
        "Exception: Python in worker has different version 3.7 than that in driver 3.10, PySpark cannot run with "
        "different minor versions.",
    ),
    ("python-alias", "Python was not found; run without arguments to install from the Microsoft Store"),
    (
        "worker-python-missing",
        'java.io.IOException: Cannot run program "/no/python": error=2, No such file or directory',
    ),
    ("python-too-new", "TypeError: code() argument 13 must be str, not int"),
    ("python-too-new", "TypeError: an integer is required (got type bytes)"),
    ("python-too-new", "ModuleNotFoundError: No module named 'typing.io'; 'typing' is not a package"),
    ("python-too-new", "RuntimeError: generator raised StopIteration"),
    ("python-too-new", "_pickle.PicklingError: Could not serialize object: IndexError: tuple index out of range"),
    ("no-distutils", "ModuleNotFoundError: No module named 'distutils'"),
    ("spark-home", "FileNotFoundError: [Errno 2] No such file or directory: '/no/such/spark/./bin/spark-submit'"),
    ("spark-home-other", "TypeError: 'JavaPackage' object is not callable"),
    ("spark-submit", "Could not find valid SPARK_HOME while searching ['/home', '/home/.venv/bin']"),
    (
        "hadoop-conf",
        "26/11/23 05:44:34 INFO DefaultNoHARMFailoverProxyProvider: Connecting to ResourceManager at /0.0.0.0:8032",
    ),
    ("host-name", "Caused by: java.net.UnknownHostException: no-such-host: no-such-host: Name or service not known"),
    (
        "address",
        "java.net.BindException: bind(..) failed with error(-99): Cannot assign requested address: Service "
        "'sparkDriver' failed after 16 retries (on a random free port)!",
    ),
    (
        "ports",
        "java.net.BindException: Failed to bind to /0.0.0.0:4056: Service 'SparkUI' failed after 16 retries (starting "
        "from 4040)! Consider explicitly setting the appropriate port for the service 'SparkUI'",
    ),
    (
        "derby-lock",
        "Caused by: ERROR XSDB6: Another instance of Derby may have already booted the database /metastore_db.",
    ),
    ("leftover", "ValueError: Cannot run multiple SparkContexts at once; existing SparkContext(app=lab, master=local)"),
    ("disk-full", "java.io.IOException: No space left on device"),
    (
        "noexec",
        "Caused by: java.lang.UnsatisfiedLinkError: /tmp/snappy-1.1.10-libsnappyjava.so: /tmp/snappy-1.1.10-"
        "libsnappyjava.so: failed to map segment from shared object",
    ),
    ("socket-path", "OSError: AF_UNIX path too long"),
    ("memory", "# There is insufficient memory for the Java Runtime Environment to continue."),
    ("memory", "Could not allocate compressed class space: 1073741824 bytes"),
    (
        "memory",
        "org.apache.spark.SparkIllegalArgumentException: [INVALID_DRIVER_MEMORY.SYSTEM_MEMORY] Insufficient driver "
        "memory: System memory 314572800 must be at least 471859200.",
    ),
    ("winutils", "WARN Shell: Did not find winutils.exe: java.io.FileNotFoundException: HADOOP_HOME is unset"),
    ("folder", "PermissionError: [Errno 13] Permission denied: 'output'"),
    (
        "locale",
        "UnicodeEncodeError: 'ascii' codec can't encode character '\\xeb' in position 25: ordinal not in range(128)",
    ),
    ("clock", "make: warning:  Clock skew detected.  Your build may be incomplete."),
    ("numpy", "ModuleNotFoundError: No module named 'numpy'"),
    ("pandas", "[UNSUPPORTED_PACKAGE_VERSION] Pandas >= 2.2.0 must be installed; however, your version is 1.5.3."),
    ("pandas", "AttributeError: 'DataFrame' object has no attribute 'iteritems'"),
    ("pandas", "ImportError: cannot import name 'DateOffset' from 'pandas.tseries.frequencies'"),
    ("pandas", "AttributeError: `np.NaN` was removed in the NumPy 2.0 release. Use `np.nan` instead."),
    ("make", "bash: make: command not found"),
    ("netcat", "/bin/sh: 1: nc: not found"),
    ("jupyter", "ModuleNotFoundError: No module named 'ipykernel'"),
    ("slurm", "bash: sbatch: command not found"),
    ("deep-learning", "ModuleNotFoundError: No module named 'bigdl'"),
    ("gateway", "[JAVA_GATEWAY_EXITED] Java gateway process exited before sending its port number."),
]


@pytest.mark.parametrize(("cause", "line"), PRINTED)
def test_a_cause_is_recognised_among_other_lines(machine, monkeypatch, cause, line):
    monkeypatch.setattr(doctor, "examine", lambda machine: [])
    monkeypatch.setattr(doctor, "WITH_SETUPTOOLS", {doctor.releases.numbers(doctor.Machine({}, "").spark)[:2]: (3, 12)})
    output = "Setting default log level to WARN.\n%s\n\tat org.apache.spark.SparkContext.<init>(SparkContext.scala:5)\n"
    finding = doctor.explain(output % line, machine)
    assert (finding.cause, finding.seen) == (cause, line.strip()[:300])
    assert finding.why
    assert finding.remedy
    assert finding.fails


def test_every_cause_that_leaves_a_trace_was_printed_once():
    assert {cause for cause, _ in PRINTED} == {cause for cause in CAUSES if CAUSES[cause].trace != NEVER}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "26/11/23 05:22:45 WARN Utils: Service 'SparkUI' could not bind on port 4040. Attempting port 4041.",
        "26/11/23 05:22:45 WARN NativeCodeLoader: Unable to load native-hadoop library for your platform",
        "AssertionError: assert 3 == 4",
    ],
)
def test_what_every_session_may_print_explains_nothing(machine, text):
    assert doctor.explain(text, machine) is None


def test_where_the_output_does_not_say_why_java_ended_the_machine_does(machine):
    printed = "[JAVA_GATEWAY_EXITED] Java gateway process exited before sending its port number."
    assert doctor.explain(printed, dict(machine, JAVA_HOME="/nowhere")).cause == "java-home"


@pytest.mark.slow_start
@pytest.mark.parametrize(
    ("cause", "changes", "shell"),
    [
        ("java-home", {"JAVA_HOME": "/nowhere"}, "true"),
        ("spark-home", {"SPARK_HOME": "/nowhere"}, "true"),
        ("no-java", {"PATH": "/nowhere"}, "unset JAVA_HOME"),
        ("memory", {}, "ulimit -v 2000000"),
    ],
)
def test_a_session_that_really_did_not_start_is_explained(tmp_path, cause, changes, shell):
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bash", "dirname", "env", "java", "ps", "tr", "uname"):
        if shutil.which(name) and not (name == "java" and cause == "no-java"):
            (programs / name).symlink_to(shutil.which(name))
    strays = [name for name in os.environ if name.startswith(("SPARK_", "PYSPARK_"))]
    environ = dict({name: os.environ[name] for name in os.environ if name not in strays}, **changes)
    environ["PATH"] = str(programs)
    done = subprocess.run(
        [
            "/bin/sh",
            "-c",
            shell + ' && exec "$0" -c "from pyspark import SparkContext; SparkContext()"',
            sys.executable,
        ],
        cwd=str(tmp_path),
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 1
    assert doctor.explain(done.stdout.decode("utf-8", "replace"), environ).cause == cause
