"""Slides 16 and 21 to 23, with a Hive store: files.py, hive.py and hive.sql as an attendee runs them, one by one.

Hive costs a JVM eight seconds, so they are run once, each in a process of its own, all in one folder.
"""

from collections import Counter

import pytest
from printed import tables

from labs.lab4 import hive

pytestmark = pytest.mark.slow_start


@pytest.fixture(scope="module")
def lab(attendee_of_module):
    """Lab 4's folder after all three."""
    return attendee_of_module.folder / "labs" / "lab4"


@pytest.fixture(scope="module")
def printed_by_files(attendee_of_module):
    """What files.py printed."""
    return attendee_of_module.run("make -s files", lab="lab4").stdout


@pytest.fixture(scope="module")
def printed_by_hive(attendee_of_module, printed_by_files):
    """What hive.py printed, run after files.py."""
    return attendee_of_module.run("make -s hive", lab="lab4").stdout


@pytest.fixture(scope="module")
def printed_by_hive_sql(attendee_of_module, printed_by_hive):
    """What hive.sql printed, run after hive.py."""
    return attendee_of_module.run("make hive_sql", lab="lab4").stdout


@pytest.fixture(scope="module")
def kv1(data):
    """The lines of kv1.txt as rows."""
    lines = (data / "kv1.txt").read_bytes().decode("utf-8").splitlines()
    return [line.split("\x01") for line in lines]


def users(null):
    return [
        ["name", "favorite_color", "favorite_numbers"],
        ["Alyssa", null, "[3, 9, 15, 20]"],
        ["Ben", "red", "[]"],
        ["Chloé", "green", "[7]"],
        ["Dagny", null, "[1, 1, 2, 3, 5, 8]"],
        ["Émile", "blue", "[-40, 2147483647]"],
    ]


@pytest.mark.claim("lab4.files", "local.submit", because="slide 34 says again what slide 21 shows")
def test_files_prints_the_users_and_no_none(printed_by_files, measured, record_property):
    record_property("printed", printed_by_files)
    assert tables(printed_by_files) == [users(measured("null"))]
    assert "None" not in printed_by_files


@pytest.mark.claim("lab4.files")
def test_files_leaves_its_output_in_the_current_folder(spark, lab, printed_by_files):
    assert sorted(path.name for path in (lab / "output").iterdir()) == ["hive", "t.parquet"]
    columns_saved = spark.read.parquet("file://%s/output/t.parquet" % lab)
    assert columns_saved.columns == ["name", "favorite_color"]
    everything = spark.read.parquet("file://%s/spark-warehouse/users1" % lab).collect()
    assert everything == spark.read.parquet("file://%s/output/hive" % lab).collect()
    assert [(row.name, row.favorite_color) for row in everything] == columns_saved.collect()
    assert (lab / "metastore_db").is_dir()


@pytest.mark.claim("lab4.hive", "local.submit", because="slide 34 says again what slide 22 shows")
def test_hive_shows_the_first_twenty_rows_of_src(printed_by_hive, kv1, record_property):
    record_property("printed", printed_by_hive)
    src = tables(printed_by_hive)[0]
    assert src == [["key", "value"], *kv1[:20]]
    assert "only showing top 20 rows" in printed_by_hive


@pytest.mark.claim("lab4.hive")
def test_hive_shows_the_table_of_files_beside_it(printed_by_hive, measured):
    assert tables(printed_by_hive)[1:] == [users(measured("null"))]


@pytest.mark.claim("lab4.hive")
def test_a_hive_table_holds_the_loaded_file_as_it_is_all_500_lines(lab, printed_by_hive, data, kv1):
    assert (lab / "spark-warehouse" / "src" / "kv1.txt").read_bytes() == (data / "kv1.txt").read_bytes()
    assert len(kv1) == 500


@pytest.mark.claim("lab4.hive")
def test_each_load_adds_the_rows_once_more(printed_by_hive_sql, lab, kv1):
    assert len(list((lab / "spark-warehouse" / "src").glob("*.txt"))) == 2
    rows = [line.split("\t") for line in printed_by_hive_sql.splitlines() if "\tval_" in line]
    assert len(rows) == 1000


@pytest.mark.claim("lab4.hive")
def test_without_the_table_of_files_it_is_told_to_run_that_first(spark):
    with pytest.raises(SystemExit) as ended:
        hive.main()
    assert ended.value.code == (
        "hive.py: there is no table users1 in this folder yet: run files.py here first (make files)"
    )


@pytest.mark.claim("lab4.hive")
def test_a_missing_file_to_load_is_told(spark, tmp_path):
    spark.range(1).createOrReplaceTempView("users1")
    with pytest.raises(SystemExit) as ended:
        hive.main(str(tmp_path / "nowhere.txt"))
    assert ended.value.code == "hive.py: there is no file %s" % (tmp_path / "nowhere.txt")


@pytest.mark.claim("lab4.hive-sql")
def test_hive_sql_prints_each_row_of_both_loads_and_the_users(printed_by_hive_sql, kv1, record_property):
    record_property("printed", printed_by_hive_sql)
    rows = [tuple(line.split("\t")) for line in printed_by_hive_sql.splitlines()[1:]]
    assert Counter(rows[:1000]) == Counter(tuple(row) for row in kv1 + kv1)
    assert rows[1000:] == [
        ("Alyssa", "NULL", "[3,9,15,20]"),
        ("Ben", "red", "[]"),
        ("Chloé", "green", "[7]"),
        ("Dagny", "NULL", "[1,1,2,3,5,8]"),
        ("Émile", "blue", "[-40,2147483647]"),
    ]


@pytest.mark.claim("modes.sql-shell", "local.submit", because="slide 34 says again what slide 23 shows")
def test_spark_sql_runs_the_statements_of_a_file_in_their_order(printed_by_hive_sql):
    lines = printed_by_hive_sql.splitlines()
    assert lines[0] == "spark-sql -f hive.sql"
    assert "\tval_" in lines[1]
    assert lines[-1].startswith("Émile")


@pytest.mark.claim("sql.hive-store")
def test_a_table_survives_the_session_that_saved_it(printed_by_files, printed_by_hive):
    (saved,) = tables(printed_by_files)
    read_in_another_process = tables(printed_by_hive)[1]
    assert read_in_another_process == saved


@pytest.mark.claim("sql.hive-store")
def test_the_sql_shell_reads_what_python_loaded(printed_by_hive, printed_by_hive_sql, kv1):
    found = Counter(tuple(line.split("\t")) for line in printed_by_hive_sql.splitlines() if "\tval_" in line)
    loaded_by_hive_sql = Counter(tuple(row) for row in kv1)
    loaded_by_hive_py = Counter(tuple(row) for row in kv1)
    assert found - loaded_by_hive_sql == loaded_by_hive_py
