"""RDDs and DataFrames: the same answers, but only the DataFrame's question is rearranged before it is run."""

import re
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis.strategies import integers, lists, tuples

from labs.tour import two_apis

keys = integers(-3, 3)
# Few different values: rows that are there twice have to count twice.
rows_of_two = lists(tuples(keys, integers(-5, 5)), max_size=60)


@pytest.mark.claim("history.rdd-to-df")
@given(rows=rows_of_two, limit=keys, partitions=integers(1, 3))
def test_both_ways_of_asking_answer_the_same(spark, sc, rows, limit, partitions):
    expected = defaultdict(int)
    for key, value in rows:
        if key < limit:
            expected[key] += value
    rdd = sc.parallelize(rows, partitions)
    assert dict(two_apis.ask_rdd(rdd, limit).collect()) == expected
    df = spark.createDataFrame(rdd, two_apis.SCHEMA)
    assert dict(map(tuple, two_apis.ask_df(df, limit).collect())) == expected


PEOPLE = [("Oslo", 12, "Ann"), ("Oslo", 40, "Bea"), ("Łódź", 18, "Cem"), ("Łódź", 17, "Dee"), ("nowhere", 70, "Eve")]
CITIES = [("Oslo", "Norway"), ("Łódź", "Poland")]
ADULTS = [("Oslo", 40, "Norway"), ("Łódź", 18, "Poland")]


@pytest.fixture
def tables(spark, tmp_path):
    """People and cities as Parquet files."""
    spark.createDataFrame(PEOPLE, "city string, age int, name string").write.parquet(str(tmp_path / "people"))
    spark.createDataFrame(CITIES, "city string, country string").write.parquet(str(tmp_path / "cities"))
    return spark.read.parquet(str(tmp_path / "people")), spark.read.parquet(str(tmp_path / "cities"))


def scans(plan):
    """Of each scan of files in a plan: the filters that were pushed into it and the columns that it reads."""
    pushed = re.findall(r"PushedFilters: \[(.*?)\], ReadSchema: struct<(.*?)>", plan)
    return [(filters.split(", "), re.findall(r"(\w+):", columns)) for filters, columns in pushed]


@pytest.mark.claim("df.optimizer")
def test_a_filter_written_after_projection_and_join_is_pushed_into_the_scan_of_the_files(spark, tables):
    adults = two_apis.late_filter_df(*tables)
    people, cities = scans(two_apis.plan(adults))
    assert sorted(people[0]) == ["GreaterThan(age,17)", "IsNotNull(age)", "IsNotNull(city)"]
    assert people[1] == ["city", "age"]
    assert cities == (["IsNotNull(city)"], ["city", "country"])
    assert sorted(map(tuple, adults.collect())) == ADULTS


@pytest.mark.claim("df.optimizer")
def test_the_same_query_as_sql_text_gets_the_same_plan(spark, tables):
    people, cities = tables
    people.createOrReplaceTempView("people")
    cities.createOrReplaceTempView("cities")
    assert scans(two_apis.plan(two_apis.late_filter_sql(spark))) == scans(
        two_apis.plan(two_apis.late_filter_df(people, cities))
    )


@pytest.mark.claim("df.optimizer")
def test_an_rdd_filters_where_it_is_written_so_earlier_steps_see_every_record(sc):
    seen = sc.accumulator(0)
    people = sc.parallelize([(city, age) for city, age, _ in PEOPLE], 2)
    adults = two_apis.late_filter_rdd(people, sc.parallelize(CITIES, 1), seen)
    assert sorted(adults.collect()) == [("Oslo", (40, "Norway")), ("Łódź", (18, "Poland"))]
    assert seen.value == 5


@pytest.mark.claim("df.faster")
def test_rdd_and_dataframe_race_on_the_same_file_to_the_same_answer(spark, tmp_path, record_property):
    path = str(tmp_path / "rows.csv")
    two_apis.write_rows(path, 60000, keys=100)
    answers, seconds = two_apis.race(spark, path, limit=50, rounds=3)
    by_rdd, by_df = answers
    record_property("df_over_rdd_ratio", round(seconds[0] / seconds[1], 2))
    assert by_rdd == by_df
    assert sorted(by_df) == list(range(50))


@pytest.mark.claim("df.faster")
def test_the_example_prints_who_won(spark, capsys):
    two_apis.main(rows="1000")
    same, race, *plan = capsys.readouterr().out.splitlines()
    assert same == "The same answer: True"
    assert re.match(r"RDD \d+\.\d\d s, DataFrame \d+\.\d\d s: \d+\.\d times as fast$", race)
    assert any("FileScan csv" in line for line in plan)


@pytest.mark.claim("df.faster")
def test_a_number_of_rows_that_is_not_a_number_is_refused():
    with pytest.raises(SystemExit, match=r"^two_apis.py: not a number of rows: many$"):
        two_apis.main("many")


@pytest.mark.claim("df.faster")
def test_the_rdd_runs_in_python_and_the_dataframe_does_not(spark, sc, tmp_path):
    path = str(tmp_path / "rows.csv")
    two_apis.write_rows(path, 10, keys=5)
    plan = two_apis.plan(two_apis.ask_df(two_apis.df_of(spark, path), limit=3))
    assert "Python" not in plan
    assert "LessThan(key,3)" in plan
    lineage = two_apis.ask_rdd(two_apis.rdd_of(sc, path), limit=3).toDebugString().decode()
    assert lineage.startswith("(2) PythonRDD")
