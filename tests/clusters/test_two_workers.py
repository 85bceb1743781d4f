"""What only a cluster shows: slide 6 (many nodes), slide 10 (node failure), slide 14 (one copy for each node).

Spark's own small cluster on this machine: a master and two workers, each of which starts an executor in a process of
its own. Spark's log of events tells what ran where.
"""

import json
import os
import re
from collections import Counter

import psutil
import pytest

from labproof.waiting import wait_until
from labs.lab1 import recovery
from labs.lab2 import sharing

pytestmark = pytest.mark.slow_start


@pytest.fixture(scope="module")
def event_log(tmp_path_factory):
    return tmp_path_factory.mktemp("events")


@pytest.fixture(scope="module")
def cluster(own_spark, event_log, tmp_path_factory):
    """The SparkContext of a cluster with two workers of one core each."""
    settings = {
        "spark.executor.memory": "512m",
        "spark.scheduler.minRegisteredResourcesRatio": "1.0",
        "spark.scheduler.maxRegisteredResourcesWaitingTime": "120s",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": "file://%s" % event_log,
        "spark.eventLog.compress": "false",
        "spark.eventLog.rolling.enabled": "false",
        "spark.eventLog.logBlockUpdates.enabled": "true",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_HOME", str(_home_of_links(tmp_path_factory.mktemp("spark"))))
        with own_spark("local-cluster[2,1,512]", **settings) as spark:
            yield spark.sparkContext


@pytest.fixture
def two_executors(cluster):
    """The same, when both workers have an executor: one that was killed is replaced after a while."""
    wait_for_two_executors(cluster)
    return cluster


def wait_for_two_executors(cluster):
    wait_until(lambda: cluster._jsc.sc().getExecutorMemoryStatus().size() == 3, "the driver and two executors")


def _home_of_links(folder):
    """A SPARK_HOME with the installed Spark in it: workers write the logs of their executors there, into ``work``."""
    for name in os.listdir(os.environ["SPARK_HOME"]):
        (folder / name).symlink_to(os.path.join(os.environ["SPARK_HOME"], name))
    return folder


def events_of(event_log, kind):
    """The events of this kind that Spark has written down up to now."""
    [log] = event_log.iterdir()
    with log.open(encoding="utf-8") as lines:
        # The last line may be half written.
        events = [json.loads(line) for line in lines if line.endswith("\n")]
    return [event for event in events if event["Event"] == "SparkListener" + kind]


def tasks_of_last_job(event_log, jobs_before):
    """The events of all tasks of the job that ended after so many others."""
    wait_until(lambda: len(events_of(event_log, "JobEnd")) > jobs_before, "the end of the job in the event log")
    stages = events_of(event_log, "JobStart")[-1]["Stage IDs"]
    return [event for event in events_of(event_log, "TaskEnd") if event["Stage ID"] in stages]


def is_stored(level):
    """Whether a block was put: one that was removed has no place (Spark 2) or no copy (since Spark 3)."""
    return level["Use Memory"] and level["Replication"] > 0


def workers_of(event_log):
    """For each executor the address of its worker."""
    added = events_of(event_log, "ExecutorAdded")
    return {event["Executor ID"]: event["Executor Info"]["Log Urls"]["stdout"].split("/")[2] for event in added}


@pytest.mark.claim("runs.multinode")
def test_tasks_run_in_two_executors_on_two_workers(two_executors, event_log):
    jobs = len(events_of(event_log, "JobEnd"))
    pids = recovery.executors_at_work(two_executors, tasks=8)
    assert len(pids) == 8
    assert len(set(pids)) == 2
    for pid in set(pids):
        assert "CoarseGrainedExecutorBackend" in " ".join(psutil.Process(pid).cmdline())
    tasks = tasks_of_last_job(event_log, jobs)
    by_executor = Counter(task["Task Info"]["Executor ID"] for task in tasks)
    workers = workers_of(event_log)
    assert sum(by_executor.values()) == 8
    assert len({workers[executor] for executor in by_executor}) == 2


@pytest.mark.claim("shared.broadcast")
def test_a_broadcast_value_comes_to_each_executor_once_and_not_with_each_task(two_executors, event_log):
    jobs = len(events_of(event_log, "JobEnd"))
    uses = sharing.use_a_broadcast(two_executors, tasks=8)
    tasks_of_each_process = Counter(process for process, _ in uses)
    assert len(tasks_of_each_process) == 2
    for process, tasks in tasks_of_each_process.items():
        assert sorted(before for of, before in uses if of == process) == list(range(tasks))
    executors = {task["Task Info"]["Executor ID"] for task in tasks_of_last_job(event_log, jobs)}
    stored = Counter(
        (block["Block Manager ID"]["Executor ID"], block["Block ID"])
        for block in (event["Block Updated Info"] for event in events_of(event_log, "BlockUpdated"))
        if block["Block ID"].startswith("broadcast_") and is_stored(block["Storage Level"])
    )
    for executor in executors:
        assert {times for (where, _), times in stored.items() if where == executor} == {1}


@pytest.mark.claim("shared.broadcast")
def test_a_plain_variable_comes_with_each_task(cluster):
    assert [before for _, before in sharing.use_a_plain_variable(cluster, tasks=8)] == [0] * 8


@pytest.fixture(scope="module")
def recovered(cluster, event_log):
    """What the lab returns, and the events of the tasks of its last job, in which an executor was killed."""
    wait_for_two_executors(cluster)
    jobs = len(events_of(event_log, "JobEnd"))
    sums = recovery.sums(cluster, range(100), partitions=4)
    return sums, tasks_of_last_job(event_log, jobs + 1)


@pytest.mark.claim("rdd.recovers")
def test_the_answer_is_the_same_when_an_executor_is_killed_in_mid_job(recovered):
    (before, after, _, _), _ = recovered
    assert before == after == sum(x * x for x in range(100))


@pytest.mark.claim("rdd.recovers")
def test_the_task_that_was_lost_with_its_executor_runs_again_on_another(recovered):
    _, tasks = recovered
    lost = [task for task in tasks if task["Task End Reason"]["Reason"] == "ExecutorLostFailure"]
    assert [task["Task Info"]["Index"] for task in lost] == [0]
    again = [task for task in tasks if task["Task Info"]["Index"] == 0 and task not in lost]
    assert [task["Task End Reason"]["Reason"] for task in again] == ["Success"]
    assert again[0]["Task Info"]["Attempt"] == 1
    assert again[0]["Task Info"]["Executor ID"] != lost[0]["Task Info"]["Executor ID"]


@pytest.mark.claim("rdd.recovers")
def test_only_what_was_lost_is_computed_again(recovered):
    (_, _, computed, computed_again), _ = recovered
    assert computed == 100
    # Partitions have 25 records; the dead executor held at least the first, and its neighbour held another.
    assert computed_again in (25, 50, 75)


@pytest.mark.claim("rdd.recovers")
def test_the_killed_executor_is_gone_for_good(recovered, event_log, measured):
    _, tasks = recovered
    lost = next(task for task in tasks if task["Task End Reason"]["Reason"] == "ExecutorLostFailure")
    removed = {event["Executor ID"]: event["Removed Reason"] for event in events_of(event_log, "ExecutorRemoved")}
    assert re.search(measured("why a killed executor is removed"), removed[lost["Task Info"]["Executor ID"]])
