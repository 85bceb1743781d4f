"""Runs on a cluster and on a Spark Connect server that somebody else has started."""

import json
import os
import time
from contextlib import ExitStack

import pytest

from labproof import parts
from labproof.parts.processes import free_ports, listens, server
from labproof.session import missing_in_connect

pytestmark = pytest.mark.slow_start


def verdicts(course):
    """Each claim's verdict and the reason for it."""
    record = json.loads(course.record_path.read_text(encoding="utf-8"))
    return {claim["id"]: (claim["verdict"], claim["reason"]) for claim in record["claims"]}


def start_connect(folder, token=None):
    part = parts.find("connect")
    if part.missing():
        pytest.skip("needs %s" % "; ".join(part.missing()))
    return part.start(str(folder), token)


@pytest.fixture(scope="module")
def connect(own_spark, tmp_path_factory):
    """The URL of a Spark Connect server that takes everybody."""
    with start_connect(tmp_path_factory.mktemp("connect")) as connect:
        yield connect["url"]


THROUGH_CONNECT = """
import os, subprocess, sys
from pyspark.ml.feature import StringIndexer
from pyspark.sql import SparkSession
from pyspark.sql.functions import col

@claim("frames")
@pytest.mark.parametrize("n", [1, 2])
def test_a(spark, n):
    spark.range(3).filter(col("id") > 0).createTempView("numbers")
    assert spark.table("numbers").count() == 2
    assert SparkSession.builder.getOrCreate() is spark
    assert spark.conf.get("spark.sql.session.timeZone") == "UTC"
    spark.conf.set("spark.sql.session.timeZone", "CET")

@claim("rdds")
def test_b(sc):
    assert sc.parallelize([1]).count() == 1

@claim("both")
def test_c(spark):
    assert spark.createDataFrame([("a",)], ["word"]).count() == 1

@claim("both")
def test_d(spark):
    assert spark.sparkContext.parallelize([1]).count() == 1

@pytest.fixture(scope="module")
def model(spark):
    return StringIndexer(inputCol="w", outputCol="i").fit(spark.createDataFrame([("a",), ("b",)], ["w"]))

@claim("models")
@pytest.mark.parametrize("n", [1, 2])
def test_e(model, n):
    assert model.labels == ["a", "b"]

@claim("leaks")
def test_f(spark):
    spark.sql("CREATE TABLE left_behind USING parquet AS SELECT 1")

@claim("processes")
def test_g(spark, own_spark):
    with own_spark("local[1]") as own:
        assert own.range(2).filter(col("id") > 0).count() == 1
        assert own.sparkContext.master == "local[1]"
    assert spark.range(3).filter(col("id") > 0).count() == 2

@claim("servers")
def test_h(part):
    assert part("connect")["url"].startswith("sc://127.0.0.1:")
"""
OF_CONNECT = '[[claim.erratum]]\nmode = "connect"\ninstead = "Of files only."\n'


def test_what_a_connect_server_has_is_asked_there_and_what_it_has_not_is_said(course, connect):
    course.has(THROUGH_CONNECT, frames="", rdds="", both=OF_CONNECT, models="", leaks="", processes="", servers="")
    status, output = course.run("--remote", connect)
    found = verdicts(course)
    assert found.pop("leaks")[0] == "fails", output
    assert "left behind: in the catalog left_behind; removed" in output
    assert found == {
        "frames": ("holds", None),
        "rdds": ("not-on-this-version", "Spark Connect has no SparkContext and no RDDs"),
        "both": ("holds-with-erratum", "Of files only."),
        "models": ("holds", None),
        "processes": ("holds", None),
        "servers": ("holds", None),
    }
    assert status == 1
    record = json.loads(course.record_path.read_text(encoding="utf-8"))
    assert (record["mode"], record["master"]) == ("connect", connect)


A_FRAME = """
@claim("frames")
@pytest.mark.parametrize("n", [1, 2])
def test_a(spark, n):
    assert spark.range(3).count() == 3
"""


def test_a_token_is_sent_and_without_it_the_server_takes_nobody_which_is_said_once(own_spark, course, tmp_path_factory):
    with start_connect(tmp_path_factory.mktemp("connect"), token="geheim") as connect:
        course.has(A_FRAME, frames="")
        status, output = course.run("--remote", connect["url"])
        assert (status, verdicts(course)) == (0, {"frames": ("holds", None)}), output
        status, output = course.run("--remote", connect["url"].replace("geheim", "guessed"))
    assert status == 1
    assert "did not take this client: " in output
    assert "1 skipped, 1 error" in output
    assert "guessed" not in output + course.record_path.read_text(encoding="utf-8")


def test_a_connect_server_that_is_not_there_is_said_at_once(course):
    course.has(A_FRAME, frames="")
    (port,) = free_ports(1)
    began = time.monotonic()
    status, output = course.run("--remote", "sc://127.0.0.1:%d" % port)
    assert status == 4
    assert "ERROR: Nobody answers at sc://127.0.0.1:%d" % port in output
    assert time.monotonic() - began < 60


@pytest.fixture(scope="module")
def cluster(own_spark, tmp_path_factory):
    """The URL of a standalone cluster of two workers with a core each."""
    folder = tmp_path_factory.mktemp("cluster")
    (port,) = free_ports(1)
    url = "spark://127.0.0.1:%d" % port
    environ = dict(os.environ, SPARK_WORKER_DIR=str(folder / "work"), SPARK_NO_DAEMONIZE="1")
    launcher = os.path.join(os.environ["SPARK_HOME"], "bin", "spark-class")

    def start(name, kind, ready, *arguments):
        command = [launcher, "org.apache.spark.deploy." + kind, "--host", "127.0.0.1", "--webui-port", "0"]
        log = folder / (name + ".log")
        return server(command + list(arguments), str(log), lambda: ready(log), name, env=environ, cwd=str(folder))

    def registered(log):
        return "Successfully registered with master" in log.read_text(encoding="utf-8", errors="replace")

    with ExitStack() as stack:
        stack.enter_context(start("master", "master.Master", lambda _: listens(port), "--port", str(port)))
        for name in "worker 1", "worker 2":
            stack.enter_context(start(name, "worker.Worker", registered, "--cores", "1", "--memory", "1g", url))
        yield url


ON_A_CLUSTER = """
import os, subprocess, sys
from labproof.waiting import wait_until
import lab

@pytest.fixture
def two_executors(sc):
    wait_until(lambda: sc._jsc.sc().getExecutorMemoryStatus().size() == 3, "the driver and two executors")
    return sc

@claim("nodes")
def test_a(two_executors, tmp_path):
    pids = set(two_executors.parallelize(range(2), 2).map(lambda n: lab.meet(str(tmp_path), n)).collect())
    assert len(pids) == 2
    assert os.getpid() not in pids

@claim("files")
def test_b(spark, tmp_path):
    spark.range(10).write.parquet(str(tmp_path / "t"))
    assert spark.read.parquet(str(tmp_path / "t")).count() == 10

@claim("master")
def test_c(sc):
    assert sc.master.startswith("spark://127.0.0.1:")

@claim("own")
def test_d(own_spark):
    with own_spark("local[1]") as spark:
        assert spark.range(3).count() == 3
"""
LAB = """
import os
from pathlib import Path
from labproof.waiting import wait_until

def meet(folder, n):
    '''The process that asks for the executor of this task, once the other task runs too.'''
    (Path(folder) / str(n)).write_text("")
    wait_until(lambda: len(os.listdir(folder)) == 2, "the other task")
    return os.getppid()
"""


def test_a_run_on_a_cluster_has_tasks_in_two_executors_that_find_labs_and_files(course, cluster):
    course.has(ON_A_CLUSTER, nodes="", files="", master="", own="")
    (course.folder / "lab.py").write_text(LAB, encoding="utf-8")
    status, output = course.run("-n", "2", "--master", cluster)
    assert verdicts(course) == dict.fromkeys(["nodes", "files", "master", "own"], ("holds", None)), output
    assert status == 0


@pytest.mark.parametrize(
    ("module", "missing"),
    [
        ("pyspark.ml.wrapper", "pyspark.ml.wrapper needs a SparkContext, and Spark Connect has none"),
        ("tests.ml.test_perceptron", None),
    ],
)
def test_before_spark_4_the_surprise_of_pyspark_at_a_lack_of_a_jvm_is_not_the_tests_fault(module, missing):
    with pytest.raises(AssertionError) as raised:
        exec("assert None is not None", {"__name__": module})
    assert missing_in_connect(raised.value) == missing


ON_YARN = """
@claim("files")
def test_a(sc, tmp_path):
    (tmp_path / "B\u00fccher").write_text("one\\ntwo\\n")
    assert sc.master == "yarn"
    assert sc.textFile(str(tmp_path / "B\u00fccher")).collect() == ["one", "two"]
    assert sc.getConf().get("spark.yarn.stagingDir").startswith("hdfs://127.0.0.1:")
"""


def test_on_yarn_a_path_means_the_local_disk_and_on_this_machine_all_is_on_loopback(course, own_part):
    course.has(ON_YARN, files="")
    with own_part("hadoop") as hadoop:
        status, output = course.run("--loopback-only", "--master", "yarn", HADOOP_CONF_DIR=hadoop["conf"])
    assert status == 0, output
