"""Parts: brought whole or not at all, one for all workers of a run, gone with it; what is missing is said."""

import json
import os
import signal
import subprocess
import sys

import psutil
import pytest

from labproof import parts
from labproof.keeper import processes_of
from labproof.parts import connect, jars
from labproof.parts.versions import JARS, kafka_connector
from labproof.waiting import wait_until

SMALL = JARS["kafka"]._replace(
    whole=[],
    alone=["org.slf4j:slf4j-simple:1.7.36"],
    sha256="",
)

TWO_MODULES = """
@claim("words")
def test_a(part):
    servers = part("kafka")["servers"]
    print(servers)
    with open({folder!r} + "/served", "a") as stream:
        stream.write(servers + "\\n")

@claim("words")
def test_b(part):
    test_a(part)
"""


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    """A cache folder of this test: nothing is in it but what Ivy has downloaded before, so no network is needed."""
    ivy = os.path.join(jars.cache_folder(), "ivy")
    if not jars.are_there("kafka") or not os.path.isdir(ivy):
        pytest.skip("needs what Ivy downloaded: labproof parts fetch kafka")
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "ivy").symlink_to(ivy)
    monkeypatch.setenv("LABPROOF_CACHE", str(cache))
    return cache


def test_what_came_is_kept_only_if_it_is_what_was_pinned(empty_cache, monkeypatch):
    monkeypatch.setitem(JARS, "small", SMALL._replace(sha256="0" * 64))
    with pytest.raises(jars.FetchError, match=r"has the SHA-256 \w+, not 0000"):
        jars.fetch("small", print)
    assert not jars.are_there("small")
    assert sorted(path.name for path in empty_cache.iterdir()) == ["ivy", "small.lock"]


@pytest.fixture
def small(empty_cache, monkeypatch):
    """A set of one archive, with the digest that it has."""
    monkeypatch.setitem(JARS, "small", SMALL._replace(sha256=_digest_of_small(empty_cache)))
    return "small"


def _digest_of_small(cache):
    folder = cache / "once"
    folder.mkdir()
    jars._retrieve(SMALL, str(folder), str(folder / "small"))
    return jars.digest(str(folder / "small"))


def test_a_damaged_archive_is_noticed_and_brought_again(small, capsys):
    jars.fetch(small, print)
    [path] = jars.paths(small)
    with open(path, "ab") as archive:
        archive.write(b"?")
    jars.fetch(small, print)
    assert jars.digest(os.path.dirname(path)) == JARS[small].sha256
    assert "fetching" in capsys.readouterr().out.splitlines()[-2]


def test_what_is_there_is_not_brought_again(small, capsys):
    jars.fetch(small, print)
    jars.fetch(small, print)
    assert "is there" in capsys.readouterr().out.splitlines()[-1]


def fetching():
    """A fetch of Kafka, about to begin."""
    return subprocess.Popen(
        [sys.executable, "-m", "labproof", "parts", "fetch", "kafka"],
        stdout=subprocess.PIPE,
        universal_newlines=True,
        start_new_session=True,
    )


def test_of_two_that_fetch_at_once_one_brings_what_both_have(empty_cache):
    both = [fetching(), fetching()]
    said = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum(output.count("kafka: fetching") for output in said) == 1
    assert sum(output.count("kafka: is there") for output in said) == 1
    assert jars.digest(str(empty_cache / "jars" / "kafka")) == JARS["kafka"].sha256


def test_a_fetch_that_is_killed_leaves_nothing_that_looks_whole_and_the_next_one_brings_it(empty_cache):
    killed = fetching()
    wait_until(lambda: list(empty_cache.glob("fetching-kafka.*/*")), "the fetch to begin")
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert not jars.are_there("kafka")
    assert not (empty_cache / "jars" / "kafka").exists()
    jars.fetch("kafka", print)
    assert jars.are_there("kafka")
    assert sorted(path.name for path in empty_cache.iterdir()) == ["ivy", "jars", "kafka.lock"]


def test_a_part_that_is_missing_is_not_checked_with_the_command_that_brings_it(course, tmp_path):
    course.has('@claim("words")\ndef test_a(part): part("kafka")', words="")
    status, _ = course.run("--require-all", LABPROOF_CACHE=str(tmp_path / "nothing"))
    assert status == 1
    reason = json.loads(course.record_path.read_text(encoding="utf-8"))["claims"][0]["reason"]
    assert reason.startswith("needs Apache Kafka, and lacks the Java archives of kafka and spark-kafka-")
    assert reason.endswith(": labproof parts fetch kafka")


@pytest.mark.parametrize(
    ("spark", "connector"),
    [
        ("2.3.0", "2.3.0"),
        ("2.2.1", "2.3.0"),
        ("3.0.3", "3.0.2"),
        ("3.5.9", "3.5.7"),
        ("4.2.1", "4.2.0"),
        ("4.3.0", "4.2.0"),
    ],
)
def test_a_spark_gets_the_connector_of_its_minor_release_or_of_the_nearest_older_one(spark, connector):
    assert kafka_connector(spark) == connector


@pytest.mark.parametrize(
    ("spark", "brought", "archives", "lacks"),
    [
        ("3.3.4", [], (), True),
        ("3.4.4", [], ("spark-connect-3.4.0",), False),
        ("3.5.9", [], ("spark-connect-3.5.7",), False),
        ("3.5.9", ["spark-connect_2.12-3.5.9.jar"], (), False),
        ("4.0.5", ["spark-connect_2.13-4.0.5.jar"], (), False),
    ],
)
def test_the_server_of_connect_is_sparks_own_or_fetched_and_of_older_sparks_there_is_none(
    spark, brought, archives, lacks, tmp_path, monkeypatch
):
    (tmp_path / "jars").mkdir()
    for jar in brought:
        (tmp_path / "jars" / jar).touch()
    monkeypatch.setattr(connect, "spark_installed", lambda: (str(tmp_path), spark))
    part = connect.Connect()
    assert part.jars == archives
    told = "the server, which is not of Spark %s: pip install 'pyspark>=3.4'" % spark
    assert (told in part.missing()) == lacks


@pytest.fixture
def kafka():
    lacking = parts.find("kafka").missing()
    if lacking:
        pytest.skip("needs Apache Kafka, and lacks " + "; ".join(lacking))


def test_all_workers_of_a_run_have_one_server_and_it_ends_with_the_run(kafka, course, tmp_path):
    course.has(TWO_MODULES.format(folder=str(tmp_path)), words="")
    module = course.folder / "tests" / "sums" / "test_sums.py"
    (module.parent / "test_more.py").write_text(module.read_text(encoding="utf-8"), encoding="utf-8")
    status, output = course.run("-n", "2")
    assert status == 0, output
    served = (tmp_path / "served").read_text(encoding="utf-8").split()
    assert len(served) == 4
    assert len(set(served)) == 1
    assert [p.pid for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(p.info["cmdline"] or [])] == []


def test_a_run_that_is_killed_leaves_no_server(kafka, course, tmp_path):
    waits = '\n@claim("words")\ndef test_c():\n    import time\n    time.sleep(600)  # until it is killed\n'
    course.has(TWO_MODULES.format(folder=str(tmp_path)) + waits, words="")
    process = course.start("-n", "0")
    wait_until(lambda: (tmp_path / "served").exists(), "the server", timeout=120)
    [run] = {p.environ()["LABPROOF_RUN"].split(os.pathsep)[-1] for p in psutil.Process(process.pid).children()}
    assert processes_of(run)
    process.kill()
    process.communicate()
    wait_until(lambda: not processes_of(run), "the end of all that the run had started", timeout=20)
    assert not os.path.exists(run)


def test_a_part_that_is_served_by_hand_ends_when_asked_and_takes_its_files_with_it(kafka, told, tmp_path):
    command = [sys.executable, "-m", "labproof", "parts", "serve", "kafka"]
    environ = dict(os.environ, TMPDIR=str(tmp_path))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environ, universal_newlines=True)
    about = told(process)
    broker = psutil.Process(about["pid"])
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert not broker.is_running()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["fetch", "kafak"], "no part 'kafak': there are "),
        (["fetch"], "parts fetch wants names of parts, or --all: "),
        (["serve", "kafak"], "no part 'kafak': there are "),
    ],
)
def test_a_wrong_use_is_told_what_there_is(words, says):
    command = [sys.executable, "-m", "labproof", "parts"]
    done = subprocess.run(command + words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("labproof: " + says)
