"""Slide 16: Spark reads and writes the tables of a relational database, here Derby, which needs no server."""

import runpy
import sys
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from printed import tables

from labproof.record import NOT_HERE
from labs.lab4 import jdbc

pytestmark = pytest.mark.claim("sql.jdbc")

names = st.none() | st.text(st.characters(blacklist_categories=["Cs"], min_codepoint=1), max_size=5)
ages = st.none() | st.integers(-(2**31), 2**31 - 1)
PEOPLE = "name STRING, age INT"


def new_database():
    return dict(jdbc.OWN, url="jdbc:derby:memory:%s;create=true" % uuid4().hex)


@pytest.fixture(autouse=True)
def one_process(pytestconfig):
    """Where tasks run in the process of the driver: a database in memory is for that alone."""
    if pytestconfig.option.master.split("[")[0] != "local":
        pytest.skip(NOT_HERE + "Derby's databases in memory are of one process, and tasks run in others")


@pytest.fixture
def database():
    return new_database()


@pytest.fixture
def numbers(spark, database):
    """A database with the numbers from 0 to 99 and their squares in a table."""
    squares = spark.range(100).selectExpr("CAST(id AS INT) AS n", "CAST(id * id AS INT) AS square")
    jdbc.write_table(squares, database, "numbers")
    return database


@given(rows=st.lists(st.tuples(names, ages), max_size=30))
def test_what_is_written_is_what_is_read(spark, rows):
    database, people = new_database(), spark.createDataFrame(rows, PEOPLE)
    jdbc.write_table(people, database, "people")
    back = jdbc.read_table(spark, database, "people").collect()
    assert sorted(map(tuple, back), key=repr) == sorted(rows, key=repr)


def test_append_adds_rows_and_overwrite_replaces_them(spark, database):
    one, other = (spark.createDataFrame([(name, 1)], PEOPLE) for name in ("Ada", "Bob"))
    jdbc.write_table(one, database, "people")
    jdbc.write_table(other, database, "people", "append")
    assert sorted(row[0] for row in jdbc.read_table(spark, database, "people").collect()) == ["Ada", "Bob"]
    jdbc.write_table(other, database, "people", "overwrite")
    assert [row[0] for row in jdbc.read_table(spark, database, "people").collect()] == ["Bob"]


def test_a_table_that_is_there_is_not_overwritten_unasked(spark, numbers):
    with pytest.raises(jdbc.AnalysisException, match="numbers"):
        jdbc.write_table(spark.range(3), numbers, "numbers")
    assert jdbc.read_table(spark, numbers, "numbers").count() == 100


def test_a_filter_is_handed_to_the_database(spark, numbers):
    table = jdbc.read_table(spark, numbers, "numbers")
    squares = table.filter(table["n"] > 97).select("square")
    plan = squares._jdf.queryExecution().executedPlan().toString()
    assert "GreaterThan(n,97)" in plan.replace("N", "n").split("PushedFilters: ")[1].split("]")[0]
    assert sorted(row[0] for row in squares.collect()) == [98 * 98, 99 * 99]


@pytest.mark.parametrize("parts", [1, 3, 8])
def test_a_table_read_in_parts_is_read_whole_and_each_row_once(spark, numbers, measured, parts):
    table = jdbc.read_in_parts(spark, numbers, "numbers", measured("partition column"), 10, 90, parts)
    assert table.rdd.getNumPartitions() == parts
    assert sorted(row[0] for row in table.select("n").collect()) == list(range(100))


def test_the_lab_shows_the_table_and_who_is_older_than_20(spark, monkeypatch, printout):
    monkeypatch.setattr(sys, "argv", ["jdbc.py"])
    runpy.run_path(jdbc.__file__, run_name="__main__")
    people, older = tables(printout())
    assert people == [["name", "age"], ["Michael", "29"], ["Andy", "30"], ["Justin", "19"]]
    assert older == [["name"], ["Michael"], ["Andy"]]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["no-url"], "jdbc.py: wants URL DRIVER TABLE [USER], or nothing"),
        (["jdbc:derby:memory:nowhere", jdbc.OWN["driver"], "people"], "jdbc.py: Database 'memory:nowhere' not found."),
        ([jdbc.OWN["url"], jdbc.OWN["driver"], "nobody"], "jdbc.py: Table/View 'NOBODY' does not exist."),
    ],
)
def test_what_goes_wrong_is_said_in_one_line(sc, monkeypatch, words, says):
    # Spark Connect, which has no sc, gives Spark's own words for it only, and not those of the database.
    monkeypatch.setattr(sys, "argv", ["jdbc.py"] + words)
    with pytest.raises(SystemExit) as end:
        runpy.run_path(jdbc.__file__, run_name="__main__")
    assert end.value.code == says
