"""What pip brings, run as a batch job, and what the report says of it."""

import shutil
import subprocess
import sys
from collections import Counter

import pexpect
import pyspark
import pytest
from py4j.protocol import Py4JJavaError

from labproof import releases
from labproof.run import spark_installed
from labs.tour import installed


@pytest.fixture(scope="module")
def batch(attendee_of_module):
    """Lab 2 as a batch job."""
    return attendee_of_module.run("spark-submit shared_variables.py", lab="lab2")


@pytest.mark.slow_start
@pytest.mark.claim("modes.batch", "local.submit", because="slide 34 says again what slide 7 shows")
def test_spark_submit_runs_a_lab_that_prints_its_answers_and_nothing_else(batch, data):
    text = (data / "README.md").read_text(encoding="utf-8")
    printed = batch.stdout.splitlines()
    assert printed[0] == str(max(len(line.split()) for line in text.split("\n")))
    assert sorted(printed[1:-3]) == sorted("%s -> %d" % count for count in Counter(text.split()).items())
    assert printed[-3:] == ["[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]", "10", "10"]


@pytest.mark.claim("install.pip")
def test_all_programs_of_the_course_are_there():
    assert {"pyspark", "spark-submit", "spark-sql"} <= set(installed.programs())


@pytest.mark.claim("install.pip")
def test_the_package_and_its_jvm_are_of_one_release(spark):
    assert installed.version() == pyspark.__version__ == spark.version


@pytest.mark.claim("install.pip")
def test_java_is_not_among_what_pip_brings():
    assert installed.java_of_pyspark() == []


def without_numpy(statement):
    code = "import sys; sys.modules['numpy'] = None; " + statement
    return subprocess.call([sys.executable, "-c", code], stderr=subprocess.DEVNULL)


@pytest.mark.claim("install.pip")
def test_only_mllib_wants_numpy_too():
    assert without_numpy("import pyspark.sql, pyspark.sql.functions") == 0
    assert without_numpy("import pyspark.ml") == 1


@pytest.mark.claim("install.pip")
def test_the_example_prints_the_release_and_where_it_is(sc, printout):
    installed.main()
    assert "Spark %s in %s\n" % (pyspark.__version__, installed.HOME) in printout()


@pytest.mark.claim("api.languages")
@pytest.mark.parametrize("language", ["Scala", "Java", "Python", "R"])
def test_sparks_side_of_each_language_is_on_the_class_path(sc, language):
    name = installed.CLASSES[language]
    assert installed.load_class(sc, name).getName() == name


@pytest.mark.claim("api.languages")
def test_a_class_that_is_not_there_is_noticed(sc):
    with pytest.raises(Py4JJavaError, match="ClassNotFoundException"):
        installed.load_class(sc, "org.apache.spark.api.cobol.Division")


@pytest.mark.claim("api.languages")
def test_scala_and_r_have_a_prompt_too_but_the_library_of_r_is_missing():
    assert {"spark-shell", "sparkR"} <= set(installed.programs())
    assert installed.r_library() is None


@pytest.mark.slow_start
@pytest.mark.claim("api.languages")
def test_the_prompt_of_r_starts_an_r_that_does_not_find_it(attendee):
    if not shutil.which("R"):
        pytest.skip("needs R: apt-get install r-base-core")
    terminal = attendee.spawn("sparkR")
    terminal.expect_exact("'q()'")
    terminal.sendline("6 * 7")
    terminal.expect_exact("[1] 42")
    terminal.sendline("library(SparkR)")
    terminal.expect("there is no package called .SparkR.")
    terminal.sendline("q('no')")
    terminal.expect(pexpect.EOF)


@pytest.mark.claim("api.languages")
def test_the_java_api_answers(sc):
    assert installed.largest_in_java(sc, [3, 17, -20]) == 17


@pytest.mark.claim("api.languages")
def test_methods_on_typed_objects_are_in_scala_and_java_only(sc):
    assert installed.only_in_scala_and_java(sc) == ["groupByKey", "joinWith", "map", "mapPartitions", "reduce"]


@pytest.mark.claim("version.deck")
def test_the_release_that_the_report_names_is_the_one_that_answers(spark):
    _, named_in_the_report = spark_installed()
    assert named_in_the_report == spark.version


@pytest.mark.claim("version.deck")
def test_the_release_of_the_deck_is_among_those_tried():
    assert "2.3.0" in [release.spark for release in releases.RELEASES]


@pytest.mark.claim("version.deck")
def test_the_report_says_when_the_release_is_not_that_of_the_deck(spark, pytestconfig):
    ledger = pytestconfig.pluginmanager.get_plugin("labproof-specification").ledger
    claim = ledger.claims["version.deck"]
    assert claim.erratum("2.3.0") is None
    assert (claim.erratum(spark.version) is None) == spark.version.startswith("2.3.")
