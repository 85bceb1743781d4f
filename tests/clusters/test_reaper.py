"""Slide 39: the script that ends PySpark applications that have been running for too long, on a real YARN.

The forgotten one is a prompt. Others are applications without containers, which only register with YARN.
"""

import getpass
import sys
from contextlib import contextmanager

import pytest
from yarn_rest import applications, has_ended, newest, running

from labproof.parts import jars
from labproof.parts.hadoop import Jvm
from labproof.waiting import wait_until
from labs.lab7 import reaper

pytestmark = [pytest.mark.slow_start, pytest.mark.in_order]

ME = getpass.getuser()


@pytest.fixture(scope="module")
def hadoop(own_part):
    """The cluster, as the part yields it."""
    with own_part("hadoop") as cluster:
        yield cluster


@pytest.fixture(scope="module")
def others(hadoop, tmp_path_factory):
    """Applications of another kind, another language and another user; with it more can be registered."""
    with gateway(tmp_path_factory.mktemp("others"), hadoop) as jvm:
        register(jvm, ME, "MAPREDUCE", "count.py")
        register(jvm, ME, "SPARK", "Spark Pi")
        register(jvm, "somebody", "SPARK", "PySparkShell")
        yield jvm


@contextmanager
def gateway(folder, hadoop):
    """A JVM with Hadoop's classes and this cluster's files."""
    (folder / "logs").mkdir()
    jvm = Jvm(str(folder), "jvm", [hadoop["conf"]] + jars.paths("hadoop-client"), {})
    try:
        yield jvm.connect()
    finally:
        jvm.end()


def register(jvm, user, kind, name):
    """An application without containers, whose master is this JVM, as the user's: running, and nothing else."""
    hadoop = jvm.org.apache.hadoop
    users = hadoop.security.UserGroupInformation
    users.setLoginUser(users.createRemoteUser(user))
    conf = hadoop.yarn.conf.YarnConfiguration()
    client = hadoop.yarn.client.api.YarnClient.createYarnClient()
    client.init(conf)
    client.start()
    application = client.createApplication().getApplicationSubmissionContext()
    application.setApplicationName(name)
    application.setApplicationType(kind)
    application.setUnmanagedAM(True)
    application.setAMContainerSpec(
        hadoop.yarn.api.records.ContainerLaunchContext.newInstance(None, None, None, None, None, None)
    )
    name = client.submitApplication(application)
    users.getLoginUser().addToken(wait_until(lambda: client.getAMRMToken(name), "YARN's leave to register"))
    master = hadoop.yarn.client.api.AMRMClient.createAMRMClient()
    master.init(conf)
    master.start()
    master.registerApplicationMaster("127.0.0.1", 0, "")


@pytest.fixture(scope="module")
def attendee(attendee_of_module, hadoop):
    """An attendee on the login node."""
    attendee_of_module.environ.update(HADOOP_CONF_DIR=hadoop["conf"], SPARK_CONF_DIR=hadoop["conf"])
    return attendee_of_module


@pytest.fixture(scope="module")
def prompt(others, attendee, hadoop):
    """The id of the application of a prompt that somebody has left open."""
    attendee.spawn("pyspark --master yarn --num-executors 1", timeout=600).expect(">>> ")
    wait_until(lambda: running(hadoop)[-1] == (ME, "SPARK", "PySparkShell"), "YARN to know of it")
    return newest(hadoop)


@pytest.fixture(scope="module")
def reap(attendee):
    """Runs the script: ``reap("--older-than", "20s")`` is what it prints."""
    return lambda *words: attendee.run([sys.executable, "reaper.py"] + list(words), lab="lab7").stdout


@pytest.fixture(scope="module")
def reaped(prompt, others, hadoop, reap):
    """What the script printed without and with --end; what was running before, between and after."""
    register(others, ME, "SPARK", "young.py")
    # The prompt is older than this, and what was there before it, too.
    [age] = [reaper.age(app) for app in applications(hadoop) if app["id"] == prompt]
    age = ["--older-than", "%.1fs" % (age - 0.5)]
    before = running(hadoop)
    named = reap(*age)
    between = running(hadoop)
    ended = reap("--end", *age)
    wait_until(lambda: has_ended(hadoop, prompt), "the end of the prompt's application")
    return before, named, between, ended, running(hadoop)


@pytest.mark.claim("notebook.reaper")
def test_the_script_names_the_application_that_is_too_old_and_ends_nothing(prompt, reaped):
    before, named, between, _, _ = reaped
    assert "would end %s, PySparkShell of %s, running for" % (prompt, ME) in named
    assert named.count("application_") == 1
    assert before == between


@pytest.mark.claim("notebook.reaper")
def test_asked_to_it_ends_that_and_leaves_other_kinds_other_users_and_younger_ones_alone(prompt, reaped):
    _, _, before, ended, after = reaped
    assert "ended %s, PySparkShell of %s" % (prompt, ME) in ended
    assert ended.count("application_") == 1
    assert after == [
        (ME, "MAPREDUCE", "count.py"),
        (ME, "SPARK", "Spark Pi"),
        ("somebody", "SPARK", "PySparkShell"),
        (ME, "SPARK", "young.py"),
    ]
    assert before == after[:3] + [(ME, "SPARK", "PySparkShell")] + after[3:]


@pytest.mark.claim("notebook.reaper")
def test_by_default_it_looks_for_what_is_older_than_three_hours(reaped, reap):
    assert reap() == "no PySpark application of %s is older than 3h\n" % ME


@pytest.mark.claim("notebook.reaper")
def test_other_names_can_be_taken_for_pyspark(reaped, reap):
    assert "Spark Pi of" in reap("--older-than", "0s", "--name", "Spark *")


@pytest.mark.claim("notebook.reaper")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--older-than 3", "'3' is not an age like 3h, 90m or 45s"),
        ("--yarn http://127.0.0.1:9", "nobody answers at http://127.0.0.1:9: "),
    ],
)
def test_what_it_cannot_do_it_says_in_a_line(attendee, words, says):
    failed = attendee.run([sys.executable, "reaper.py"] + words.split(), lab="lab7", status=1)
    assert failed.stderr.startswith("reaper.py: " + says)
    assert failed.stderr.count("\n") == 1
