"""Slides 6 and 38: Hadoop's YARN and HDFS with two nodes on this machine, and what the slides type there.

Each node is a process of its own with a DataNode and a NodeManager, so that it can be killed. That is done last.
"""

import json
import os
import re
import signal
from urllib.request import urlopen

import psutil
import pytest
from yarn_rest import newest

from labproof.waiting import wait_until
from labs.lab1 import recovery
from labs.lab4 import hive
from labs.lab7 import paths

pytestmark = [pytest.mark.slow_start, pytest.mark.in_order]

SAMPLE = "data/mllib/sample_multiclass_classification_data.txt"


@pytest.fixture(scope="module")
def hadoop(own_part):
    """The cluster, as the part yields it."""
    with own_part("hadoop", jvms=3) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def attendee(attendee_of_module, hadoop):
    """An attendee on the login node, with what an administrator has set for everybody there."""
    environ = attendee_of_module.environ
    environ.update(HADOOP_CONF_DIR=hadoop["conf"], SPARK_CONF_DIR=hadoop["conf"])
    environ["PATH"] = os.pathsep.join([hadoop["bin"], environ["PATH"]])
    return attendee_of_module


@pytest.fixture(scope="module")
def data_in_hdfs(attendee):
    """What the slide types first, in the course's folder."""
    return attendee.run("hdfs dfs -put data")


@pytest.fixture(scope="module")
def made(attendee, data_in_hdfs):
    """What `make hadoop` does."""
    return attendee.run("make hadoop", lab="lab7", timeout=600)


@pytest.fixture(scope="module")
def made_with_one_executor(attendee, data_in_hdfs):
    """The same with the driver on the cluster, too, and the number of executors on the command line."""
    return attendee.run("make hadoop_cluster ARGS='--num-executors 1'", lab="lab7", timeout=600)


def application_of(log):
    """The id of the application that spark-submit tells of."""
    return re.search(r"Submitted application (application_\d+_\d+)", log).group(1)


def told_by(address):
    with urlopen(address) as answer:
        return json.loads(answer.read().decode("utf-8"))


def application(hadoop, name):
    """What YARN says of an application."""
    return told_by("%s/ws/v1/cluster/apps/%s" % (hadoop["resourcemanager"], name))["app"]


def containers(hadoop, name):
    """For each container that an application has had, the number of its node. The first is its master's."""
    found = {}
    for node, logs in enumerate(hadoop["logs"]):
        folder = os.path.join(logs, name)
        for container in os.listdir(folder) if os.path.isdir(folder) else []:
            found[container] = node
    return found


def in_hdfs(hadoop, path, operation):
    """What the NameNode answers by HTTP for a path in HDFS: bytes."""
    with urlopen("%s/webhdfs/v1%s?op=%s" % (hadoop["namenode"], path, operation)) as answer:
        return answer.read()


def names_in_hdfs(hadoop, folder):
    listed = json.loads(in_hdfs(hadoop, folder, "LISTSTATUS").decode("utf-8"))["FileStatuses"]["FileStatus"]
    return sorted(status["pathSuffix"] for status in listed)


@pytest.mark.claim("yarn.make")
def test_make_hadoop_prints_the_accuracy_of_this_release(made, measured, record_property):
    record_property("printed", made.stdout)
    assert float(made.stdout.splitlines()[-1]) == measured("accuracy")


@pytest.mark.claim("yarn.make")
def test_its_executors_read_the_rows_that_were_put_into_hdfs(made, hadoop):
    name = application_of(made.stderr)
    logs = []
    for container, node in containers(hadoop, name).items():
        with open(os.path.join(hadoop["logs"][node], name, container, "stderr")) as log:
            logs.append(log.read())
    assert any("%s%s/%s" % (hadoop["hdfs"], hadoop["home"], SAMPLE) in log for log in logs)


@pytest.mark.claim("yarn.batch")
def test_hadoop_runs_the_program_in_a_master_and_two_executors(made, hadoop):
    name = application_of(made.stderr)
    wait_until(lambda: application(hadoop, name)["state"] == "FINISHED", "YARN to note the end of the program")
    told = application(hadoop, name)
    assert (told["name"], told["applicationType"], told["finalStatus"]) == ("perceptron.py", "SPARK", "SUCCEEDED")
    assert len(containers(hadoop, name)) == 1 + 2


@pytest.mark.claim("yarn.batch")
def test_the_number_of_executors_is_overridden_on_the_command_line(made_with_one_executor, hadoop):
    assert len(containers(hadoop, application_of(made_with_one_executor.stderr))) == 1 + 1


@pytest.mark.claim("yarn.batch")
def test_in_cluster_mode_the_driver_runs_inside_and_prints_into_the_log_of_its_container(
    made_with_one_executor, hadoop, measured
):
    name = application_of(made_with_one_executor.stderr)
    assert application(hadoop, name)["finalStatus"] == "SUCCEEDED"
    [(container, node)] = [item for item in containers(hadoop, name).items() if item[0].endswith("_01_000001")]
    with open(os.path.join(hadoop["logs"][node], name, container, "stdout")) as printed:
        assert float(printed.read().splitlines()[-1]) == measured("accuracy")
    assert str(measured("accuracy")) not in made_with_one_executor.stdout


@pytest.mark.claim("yarn.hdfs")
def test_hdfs_dfs_put_copies_the_folder_into_the_users_home(data_in_hdfs, hadoop, attendee):
    data = attendee.folder / "data"
    assert names_in_hdfs(hadoop, hadoop["home"] + "/data") == sorted(os.listdir(str(data)))
    for name in "README.md", "users.parquet", "lab6/1.csv":
        assert in_hdfs(hadoop, "%s/data/%s" % (hadoop["home"], name), "OPEN") == (data / name).read_bytes()


@pytest.mark.claim("yarn.hdfs")
def test_make_paths_says_what_each_path_means_and_copies_both_files(attendee, data, data_in_hdfs, hadoop):
    readme = attendee.folder / "data" / "README.md"
    with readme.open("a") as local_only:
        local_only.write("zyxwvutsrq\n")
    printed = attendee.run("make paths", lab="lab7").stdout.splitlines()
    told = application(hadoop, newest(hadoop))
    assert (told["name"], told["finalStatus"]) == ("paths.py", "SUCCEEDED")
    home = hadoop["hdfs"] + hadoop["home"]
    assert [line for line in printed if " means " in line] == [
        "data/README.md means %s/data/README.md" % home,
        "file://%s means file:%s" % (readme, readme),
        "output means %s/output" % home,
    ]

    def copied(folder):
        folder = "%s/output/%s" % (hadoop["home"], folder)
        return b"".join(in_hdfs(hadoop, "%s/%s" % (folder, name), "OPEN") for name in names_in_hdfs(hadoop, folder))

    assert copied("lines") == (data / "README.md").read_bytes()
    # Parquet leaves a word that comes once as it is.
    assert b"zyxwvutsrq" in copied("table.parquet")


@pytest.fixture(scope="module")
def session(own_spark, hadoop, data_in_hdfs, tmp_path_factory):
    """A session on YARN with two executors and a Hive store, whose tables are in HDFS."""
    folder = tmp_path_factory.mktemp("session")
    settings = {
        "spark.app.name": "session",
        "spark.executor.instances": "2",
        "spark.executorEnv.PYTHONPATH": os.environ["PYTHONPATH"],
        "spark.sql.catalogImplementation": "hive",
        "spark.sql.warehouse.dir": hadoop["hdfs"] + "/user/hive/warehouse",
        "spark.hadoop.javax.jdo.option.ConnectionURL": "jdbc:derby:;databaseName=%s/store;create=true" % folder,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HADOOP_CONF_DIR", hadoop["conf"])
        patch.setenv("SPARK_CONF_DIR", hadoop["conf"])
        patch.chdir(folder)
        with own_spark("yarn", **settings) as spark:
            yield spark


@pytest.mark.claim("yarn.hdfs")
def test_a_path_means_hdfs_and_with_file_in_front_the_local_disk(session, hadoop):
    home = hadoop["hdfs"] + hadoop["home"]
    assert paths.meaning(session.sparkContext, "data/README.md") == home + "/data/README.md"
    assert paths.meaning(session.sparkContext, "/data/README.md") == hadoop["hdfs"] + "/data/README.md"
    assert paths.meaning(session.sparkContext, "file:///data/README.md") == "file:/data/README.md"


@pytest.mark.claim("yarn.hdfs")
def test_an_rdd_is_read_from_hdfs_and_written_to_hdfs(session, hadoop, data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths.copy_lines(session.sparkContext, "data/README.md", "lines")
    folder = hadoop["home"] + "/lines"
    written = [in_hdfs(hadoop, "%s/%s" % (folder, name), "OPEN") for name in names_in_hdfs(hadoop, folder)]
    assert b"".join(written) == (data / "README.md").read_bytes()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.claim("yarn.hdfs")
def test_a_dataframe_of_a_local_file_is_written_to_hdfs(session, hadoop, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    local = tmp_path / "local.txt"
    local.write_text("only here\n")
    paths.copy_table(session, "file://%s" % local, "table.parquet")
    written = session.read.parquet(hadoop["hdfs"] + hadoop["home"] + "/table.parquet")
    assert [row.value for row in written.collect()] == ["only here"]
    assert list(tmp_path.iterdir()) == [local]


@pytest.mark.claim("yarn.hdfs")
def test_a_local_path_without_file_in_front_is_looked_for_in_hdfs(session, hadoop, tmp_path):
    local = tmp_path / "local.txt"
    local.write_text("only here\n")
    with pytest.raises(SystemExit, match="Input path does not exist: %s%s" % (re.escape(hadoop["hdfs"]), local)):
        paths.main(str(local), target="never")


@pytest.mark.claim("hadoop.hive-hdfs")
def test_a_hive_table_is_loaded_into_hdfs_and_read_from_there(session, hadoop, data):
    rows = hive.load(session, str(data / "kv1.txt"))
    lines = (data / "kv1.txt").read_bytes()
    assert in_hdfs(hadoop, "/user/hive/warehouse/src/kv1.txt", "OPEN") == lines
    assert "\n".join("%d\x01%s" % (row.key, row.value) for row in rows.collect()) == lines.decode("utf-8").rstrip("\n")


@pytest.mark.claim("hadoop.hive-hdfs")
def test_what_spark_adds_to_a_hive_table_is_a_file_in_hdfs(session, hadoop, data):
    session.sql("CREATE TABLE copied (key INT, value STRING) USING hive")
    session.sql("INSERT INTO copied VALUES (500, 'val_500')")
    [name] = [name for name in names_in_hdfs(hadoop, "/user/hive/warehouse/copied") if name.startswith("part-")]
    assert in_hdfs(hadoop, "/user/hive/warehouse/copied/" + name, "OPEN") == b"500\x01val_500\n"


@pytest.mark.claim("yarn.batch")
def test_an_application_that_asks_for_more_than_is_free_waits_and_says_so(session, attendee, hadoop):
    # The session holds three containers: nowhere is so much left.
    arguments = "--num-executors 1 --executor-memory 1500m --conf spark.starvation.timeout=1s "
    arguments += "--conf spark.scheduler.maxRegisteredResourcesWaitingTime=0s"
    waiting = attendee.spawn("make hadoop ARGS='%s'" % arguments, lab="lab7", timeout=300)
    waiting.expect(r"Submitted application (application_\d+_\d+)")
    name = waiting.match.group(1)
    waiting.expect("Initial job has not accepted any resources; check your cluster UI")
    assert application(hadoop, name)["state"] == "RUNNING"
    assert len(containers(hadoop, name)) == 1
    waiting.close(force=True)
    wait_until(lambda: application(hadoop, name)["state"] != "RUNNING", "the end of the application", timeout=300)


@pytest.mark.claim("yarn.batch")
def test_an_executor_larger_than_any_node_is_refused(attendee):
    failed = attendee.run("make hadoop ARGS='--executor-memory 8g'", lab="lab7", status=2)
    assert "is above the max threshold (2048 MB) of this cluster" in failed.stderr


@pytest.mark.claim("yarn.batch")
def test_the_answer_is_the_same_when_a_container_is_killed_in_mid_job(session, hadoop):
    sc = session.sparkContext
    before, after, computed, computed_again = recovery.sums(sc, range(100), partitions=4)
    assert before == after == sum(x * x for x in range(100))
    assert computed == 100
    assert computed_again >= 25
    wait_until(lambda: len(containers(hadoop, sc.applicationId)) == 1 + 2 + 1, "the container that replaces it")


@pytest.fixture(scope="module")
def after_a_node_was_killed(session, hadoop):
    """A file of eight blocks; what a job read of it while a node was killed; what is read of it afterwards."""
    sc = session.sparkContext
    lines = ["%07d" % number for number in range(1 << 20)]
    sc.parallelize(lines, 1).saveAsTextFile("blocks")
    # The one on which no application has its master: with am.max-attempts=1 that would end with it.
    [master] = [node for name, node in containers(hadoop, sc.applicationId).items() if name.endswith("_01_000001")]
    victim = hadoop["nodes"][1 - master]

    def kill(partition, records):
        for number, record in enumerate(records):
            if (partition, number) == (0, 1000) and psutil.pid_exists(victim):
                os.kill(victim, signal.SIGKILL)
            yield record

    blocks = sc.textFile("blocks", 8)
    assert blocks.getNumPartitions() == 8
    read = blocks.mapPartitionsWithIndex(kill).map(int).stats()
    wait_until(lambda: has_noticed(hadoop), "HDFS and YARN to notice")
    return lines, read, in_hdfs(hadoop, hadoop["home"] + "/blocks/part-00000", "OPEN")


def has_noticed(hadoop):
    """Whether both know that a node is gone: HDFS counts it out a moment before it forgets what blocks it has."""
    beans = told_by(hadoop["namenode"] + "/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState")["beans"]
    metrics = told_by(hadoop["resourcemanager"] + "/ws/v1/cluster/metrics")["clusterMetrics"]
    one_is_left = (beans[0]["NumLiveDataNodes"], metrics["activeNodes"]) == (1, 1)
    return one_is_left and beans[0]["UnderReplicatedBlocks"] > 0


@pytest.mark.claim("yarn.batch")
def test_a_job_reads_every_line_when_a_node_is_killed_in_its_middle(after_a_node_was_killed):
    lines, read, _ = after_a_node_was_killed
    assert (read.count(), read.sum()) == (len(lines), sum(range(len(lines))))


@pytest.mark.claim("yarn.hdfs")
def test_a_file_is_there_as_a_whole_on_the_node_that_is_left(after_a_node_was_killed):
    lines, _, left = after_a_node_was_killed
    assert left.decode("ascii").splitlines() == lines
