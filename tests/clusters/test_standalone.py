"""Slides 6 and 10 on Spark's own cluster: its master is killed in mid job, and then a worker with its executor.

One cluster and one application for all of it. Spark's log of events tells which tasks ran where, and which ran again.
"""

import json
import os
import signal
import threading
from contextlib import ExitStack

import psutil
import pytest

from labproof.parts.processes import server
from labproof.parts.standalone import state_of, workers
from labproof.waiting import wait_until

pytestmark = [pytest.mark.slow_start, pytest.mark.in_order]


@pytest.fixture(scope="module")
def cluster(own_part):
    with own_part("standalone") as cluster:
        yield cluster


@pytest.fixture(scope="module")
def event_log(tmp_path_factory):
    return tmp_path_factory.mktemp("events")


@pytest.fixture(scope="module")
def sc(cluster, own_spark, event_log):
    """The SparkContext of an application with an executor on each worker."""
    settings = {
        "spark.executor.memory": "512m",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": "file://%s" % event_log,
        "spark.eventLog.compress": "false",
        "spark.eventLog.rolling.enabled": "false",
    }
    with own_spark(cluster["master"], **settings) as spark:
        wait_until(lambda: executors(spark.sparkContext) == 2, "two executors", timeout=400)
        yield spark.sparkContext


def executors(sc):
    """How many executors the driver has."""
    return sc._jsc.sc().getExecutorMemoryStatus().size() - 1


def tasks_of(stage, event_log):
    """The events of all tasks of a stage, when it has ended."""

    def events():
        [log] = event_log.iterdir()
        with log.open(encoding="utf-8") as lines:
            # The last line may be half written.
            found = [json.loads(line) for line in lines if line.endswith("\n")]
        ended = [event["Stage Info"]["Stage ID"] for event in found if event["Event"] == "SparkListenerStageCompleted"]
        return found if stage in ended else None

    found = wait_until(events, "the end of stage %d in the event log" % stage)
    return [event for event in found if event["Event"] == "SparkListenerTaskEnd" and event["Stage ID"] == stage]


class Job(threading.Thread):
    """A job of two tasks that wait until they are told to go on, and of 100 squares that were cached before."""

    def __init__(self, sc, folder):
        super(Job, self).__init__()
        self.sc = sc
        self.squares = sc.parallelize(range(100), 2).map(lambda x: x * x).cache()
        self.before = self.squares.sum()
        self.started, self.told = str(folder / "started-"), str(folder / "told")
        self.answer = None

    def run(self):
        """Ask for the sum."""
        self.answer = self.squares.mapPartitionsWithIndex(waiting(self.started, self.told)).sum()

    def wait(self):
        """Wait until both tasks do."""
        wait_until(lambda: all(os.path.exists(self.started + str(i)) for i in range(2)), "both tasks", timeout=400)
        [self.stage] = self.sc.statusTracker().getActiveStageIds()

    def go_on(self):
        """Let the tasks go on, and wait for the answer."""
        open(self.told, "w").close()
        self.join(300)
        return self.answer


def waiting(started, told):
    """A function of a partition that makes a file when it starts, and waits for another one."""

    def wait(partition, records):
        import os
        import time

        open(started + str(partition), "w").close()
        while not os.path.exists(told):
            time.sleep(0.05)  # a poll, until it is told
        return records

    return wait


@pytest.fixture
def job(sc, tmp_path):
    job = Job(sc, tmp_path)
    job.start()
    job.wait()
    yield job
    job.go_on()


@pytest.mark.claim("runs.multinode")
def test_the_tasks_of_one_job_run_on_both_workers(job, cluster, event_log):
    job.go_on()
    tasks = [event["Task Info"] for event in tasks_of(job.stage, event_log)]
    assert [task["Attempt"] for task in tasks] == [0, 0]
    assert len({task["Executor ID"] for task in tasks}) == 2
    for worker in cluster["worker_pids"]:
        names = [command_line(child) for child in psutil.Process(worker).children(recursive=True)]
        assert any("CoarseGrainedExecutorBackend" in name for name in names)


def command_line(process):
    """How a process was started; nothing if it has ended meanwhile."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


@pytest.fixture(scope="module")
def start_master(cluster, tmp_path_factory):
    """Starts another master in place of one that was killed; it ends with the module."""
    with ExitStack() as stack:
        folder = str(tmp_path_factory.mktemp("master"))
        how = {"env": dict(os.environ, **cluster["environ"]), "cwd": folder}
        log = os.path.join(folder, "log")
        yield lambda ready: stack.enter_context(
            server(cluster["start_master"], log, ready, "the next master", timeout=300, **how)
        )


@pytest.mark.claim("rdd.recovers")
def test_a_job_goes_on_while_its_master_is_gone_and_the_next_master_finds_it_as_it_was(job, cluster, start_master):
    [application] = state_of(cluster["web"])["activeapps"]
    os.kill(cluster["master_pid"], signal.SIGKILL)
    wait_until(lambda: state_of(cluster["web"]) is None, "the end of the master")
    assert job.go_on() == job.before == sum(x * x for x in range(100))
    start_master(lambda: workers(cluster["web"]) == 2)

    def running():
        return [app["id"] for app in state_of(cluster["web"])["activeapps"] if app["state"] == "RUNNING"]

    assert wait_until(running, "the application to be known as running", timeout=180) == [application["id"]]


@pytest.mark.claim("rdd.recovers")
def test_the_tasks_of_a_worker_that_is_killed_run_again_on_the_other_and_the_answer_is_the_same(
    job, cluster, event_log
):
    kill_with_children(cluster["worker_pids"][0])
    assert job.go_on() == job.before
    tasks = tasks_of(job.stage, event_log)
    [lost] = [task for task in tasks if task["Task End Reason"]["Reason"] == "ExecutorLostFailure"]
    done = [task for task in tasks if task["Task End Reason"]["Reason"] == "Success"]
    assert sorted(task["Task Info"]["Index"] for task in done) == [0, 1]
    [again] = [task["Task Info"] for task in done if task["Task Info"]["Attempt"] == 1]
    assert again["Index"] == lost["Task Info"]["Index"]
    assert {task["Task Info"]["Executor ID"] for task in done} == {again["Executor ID"]}
    assert again["Executor ID"] != lost["Task Info"]["Executor ID"]


def kill_with_children(pid):
    """Kill a worker and all that it has started, as the end of its node would."""
    family = [psutil.Process(pid)] + psutil.Process(pid).children(recursive=True)
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
