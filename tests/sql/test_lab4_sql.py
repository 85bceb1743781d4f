"""Slide 19: sql.py."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from printed import tables

from labs.lab4 import sql

PEOPLE = [("Michael", None), ("Andy", 30), ("Justin", 19), ("Zoë", 30)]


@pytest.fixture
def df(spark):
    return spark.createDataFrame(PEOPLE, "name STRING, age BIGINT")


@pytest.mark.slow_start
@pytest.mark.claim("lab4.sql", "local.submit", because="slide 34 says again what slide 19 shows")
def test_make_sql_prints_the_tables_of_the_slide(attendee, measured, record_property):
    printed = attendee.run("make -s sql", lab="lab4").stdout
    record_property("printed", printed)
    null = measured("null")
    everybody = [["age", "name"], [null, "Michael"], ["30", "Andy"], ["19", "Justin"]]
    shown, names, next_ages, older, by_age, by_sql = tables(printed)
    assert shown == everybody
    assert names == [["name"], ["Michael"], ["Andy"], ["Justin"]]
    assert next_ages == [["name", "(age + 1)"], ["Michael", null], ["Andy", "31"], ["Justin", "20"]]
    assert older == [["age", "name"], ["30", "Andy"]]
    assert by_age[0] == ["age", "count"]
    assert sorted(by_age[1:]) == sorted([[null, "1"], ["30", "1"], ["19", "1"]])
    assert by_sql == everybody
    assert "root\n |-- age: long (nullable = true)\n |-- name: string (nullable = true)\n" in printed


@pytest.mark.claim("lab4.sql")
def test_select_takes_one_column(df):
    assert sql.names(df).columns == ["name"]
    assert sql.names(df).collect() == [("Michael",), ("Andy",), ("Justin",), ("Zoë",)]


@pytest.mark.claim("lab4.sql")
def test_a_year_after_an_unknown_age_is_unknown_too(df):
    assert sql.names_and_next_ages(df).collect() == [("Michael", None), ("Andy", 31), ("Justin", 20), ("Zoë", 31)]


@pytest.mark.claim("lab4.sql")
def test_the_filter_leaves_out_the_age_itself_and_the_unknown_one(df):
    assert sql.older_than(df, 19).collect() == [("Andy", 30), ("Zoë", 30)]


@pytest.mark.claim("lab4.sql")
@given(st.just([]) | st.lists(st.none() | st.integers(0, 9), min_size=30, max_size=60))
def test_each_age_is_counted_the_unknown_one_among_them(spark, ages):
    df = spark.createDataFrame([(age,) for age in ages], "age BIGINT")
    counted = sql.count_by_age(df).collect()
    assert sorted(counted, key=str) == sorted(Counter(ages).items(), key=str)


@pytest.mark.claim("lab4.sql")
def test_sql_on_the_view_finds_every_row_and_column(spark, df):
    assert sql.everybody_by_sql(spark, df).collect() == PEOPLE
    assert spark.table("people").collect() == PEOPLE


@pytest.mark.claim("lab4.sql")
def test_several_files_are_one_table(spark, tmp_path, capsys):
    (tmp_path / "1.json").write_bytes('{"name": "Zoë", "age": 7}\n'.encode("utf-8"))
    (tmp_path / "2.json").write_bytes(b'{"name": "Cem", "age": 8}\n')
    sql.main(str(tmp_path / "1.json"), str(tmp_path / "2.json"))
    shown = tables(capsys.readouterr().out)[0]
    assert sorted(shown) == [["7", "Zoë"], ["8", "Cem"], ["age", "name"]]


@pytest.mark.claim("lab4.sql")
def test_people_without_an_age_are_told_with_the_file(spark, tmp_path):
    (tmp_path / "names.json").write_bytes(b'{"name": "Michael"}\n')
    with pytest.raises(SystemExit) as ended:
        sql.main(str(tmp_path / "names.json"))
    assert ended.value.code == "sql.py: no line of %s has the field age" % (tmp_path / "names.json")
