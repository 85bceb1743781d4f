"""Slide 41: BigDL works on Spark's RDDs, also when their parts are on two workers."""

import json
import os
import warnings
from collections import Counter
from contextlib import ExitStack
from importlib.util import find_spec

import pytest

from labproof.parts.processes import end_of, free_ports, listens, server
from labproof.waiting import wait_until

pytestmark = [
    pytest.mark.slow_start,
    # BigDL has last been looked after in 2023; Python and NumPy have gone on.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture(scope="module")
def lab():
    """The lab's module that needs BigDL."""
    if find_spec("bigdl") is None:
        pytest.skip("needs BigDL: tox -e bigdl (Spark 3.5) or tox -e bigdl-deck (Spark 2.4)")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from labs.lab8 import bigdl_names, lenet5

    return bigdl_names, lenet5


@pytest.fixture(scope="module")
def master(tmp_path_factory):
    """The address of a standalone cluster with two workers of one core."""
    folder = tmp_path_factory.mktemp("standalone")
    port, web_port = free_ports(2)
    address = "spark://127.0.0.1:%d" % port
    start = [os.path.join(os.environ["SPARK_HOME"], "bin", "spark-class"), "org.apache.spark.deploy."]
    environ = dict(os.environ, SPARK_LOCAL_IP="127.0.0.1")

    def daemon(kind, name, ready, arguments):
        command = [start[0], start[1] + kind, "--host", "127.0.0.1"] + arguments
        return server(command, str(folder / name), ready, name, env=environ, cwd=str(folder))

    with ExitStack() as stack:
        ports = ["--port", str(port), "--webui-port", str(web_port)]
        stack.enter_context(daemon("master.Master", "master", lambda: listens(port), ports))
        for name in "first", "second":
            log = str(folder / name)
            room = ["--cores", "1", "--memory", "1g", "--work-dir", log + "-work", "--webui-port", "0", address]
            registered = lambda log=log: "Successfully registered with master" in end_of(log)  # noqa: E731
            stack.enter_context(daemon("worker.Worker", name, registered, room))
        yield address


@pytest.mark.claim("dl.rdd")
def test_it_trains_with_the_parts_of_an_rdd_where_they_are_on_two_workers(
    lab, master, own_spark, data, tmp_path, record_property
):
    bigdl_names, lenet5 = lab
    settings = dict(bigdl_names.spark_settings())
    settings.update(
        {
            # How many processes and cores BigDL counts on.
            "spark.cores.max": "2",
            "spark.executor.cores": "1",
            "spark.executor.memory": "1g",
            "spark.eventLog.enabled": "true",
            "spark.eventLog.dir": "file://%s" % tmp_path,
            "spark.eventLog.compress": "false",
        }
    )
    with own_spark(master, **settings):
        sc = bigdl_names.start()
        train, test = lenet5.preprocess(sc, str(data / "lab8"))
        optimizer = lenet5.create_optimizer(lenet5.build_model(10), train.cache(), batch_size=64)
        *_, (_, model) = lenet5.train(optimizer, 1)
        accuracy = lenet5.accuracy(model, test, 64)
    record_property("accuracy", accuracy)
    assert accuracy > 0.5
    (log,) = wait_until(lambda: [path for path in tmp_path.iterdir() if path.suffix != ".inprogress"], "the event log")
    with log.open(encoding="utf-8") as lines:
        events = [json.loads(line) for line in lines]
    executors = {
        event["Executor ID"]: event["Executor Info"]["Log Urls"]["stdout"].split("/")[2]
        for event in events
        if event["Event"] == "SparkListenerExecutorAdded"
    }
    steps = {
        event["Stage Info"]["Stage ID"]
        for event in events
        if event["Event"] == "SparkListenerStageSubmitted" and "DistriOptimizer" in event["Stage Info"]["Stage Name"]
    }
    tasks = Counter(
        executors[event["Task Info"]["Executor ID"]]
        for event in events
        if event["Event"] == "SparkListenerTaskEnd" and event["Stage ID"] in steps
    )
    record_property("tasks_of_each_worker", dict(tasks))
    # 24 steps, each with a task for each part of the RDD.
    assert len(tasks) == 2
    assert min(tasks.values()) >= 24
