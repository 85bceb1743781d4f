"""What a run does to the machine while it lasts: with --loopback-only, as CI runs it, this is watched all along."""

import os

import psutil
import pytest

LISTENS = """
import os, socket, subprocess, sys
from labproof.keeper import SECONDS_BETWEEN_LOOKS
from labproof.waiting import wait_until

LISTEN = '''
import signal, socket
listener = socket.socket()
listener.bind(("%s", 0))
listener.listen(1)
print("listening", flush=True)
signal.pause()
'''

def test_a(spark):
    folder = os.environ["LABPROOF_RUN"].split(os.pathsep)[-1]
    # Not to be seen by the run that looks at this one.
    environ = dict(os.environ, LABPROOF_RUN=folder)
    listener = subprocess.Popen([sys.executable, "-c", LISTEN], stdout=subprocess.PIPE, env=environ)
    assert listener.stdout.readline() == b"listening\\n"
    %s
    listener.kill()
    listener.wait()
    listener.stdout.close()
"""
UNTIL_SEEN = 'wait_until(lambda: os.path.exists(os.path.join(folder, "exposed.json")), "the keeper to see it")'


@pytest.mark.slow_start
def test_who_listens_beyond_loopback_in_the_middle_of_a_run_fails_it(course):
    course.has(LISTENS % ("0.0.0.0", UNTIL_SEEN))
    status, output = course.run("--loopback-only")
    assert (status, "1 passed" in output) == (1, True), output
    assert "--loopback-only: somebody listened at 0.0.0.0, port " in output


@pytest.mark.slow_start
def test_a_run_whose_processes_listen_on_loopback_passes(course):
    course.has(LISTENS % ("127.0.0.2", "assert [spark.range(3).count() for _ in range(20)] == [3] * 20"))
    status, output = course.run("--loopback-only")
    assert (status, "--loopback-only" in output) == (0, False), output


@pytest.mark.slow_start
def test_what_an_executor_leaves_when_it_is_killed_is_in_the_folder_of_the_run(own_part, own_spark):
    folder = os.environ["LABPROOF_RUN"].split(os.pathsep)[-1]
    with own_part("standalone") as cluster, own_spark(cluster["master"], **{"spark.cores.max": "1"}) as spark:
        assert spark.range(3).count() == 3
        application = spark.sparkContext.applicationId
        commands = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
        [executor] = [command for command in commands if application in command]
    assert "-Djava.io.tmpdir=" + os.path.join(folder, "tmp") in executor
