"""RDDs and DataFrames: the same answers, but only the DataFrame's question is rearranged before it is run."""

import re
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis.strategies import integers, lists, tuples

from labs.tour import two_apis

keys = integers(-3, 3)
# Few different values: rows that are there twice have to count twice.
row = tuples(keys, integers(-5, 5))
few_or_many_rows = lists(row, max_size=3) | lists(row, min_size=50, max_size=100)


@pytest.mark.claim("history.rdd-to-df")
@settings(max_examples=6)  # two answers, each of them two jobs
@given(rows=few_or_many_rows, limit=keys, partitions=integers(1, 3))
def test_both_ways_of_asking_answer_the_same(spark, sc, rows, limit, partitions):
    expected = defaultdict(int)
    for key, value in rows:
        if key < limit:
            expected[key] += value
    rdd = sc.parallelize(rows, partitions)
    assert dict(two_apis.ask_rdd(rdd, limit).collect()) == expected
    df = spark.createDataFrame(rdd, "key bigint, value bigint")
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
def test_rdd_and_dataframe_race_to_the_same_answer(spark, printout, record_property):
    two_apis.main(rows="500000")
    same, race, *_ = printout().splitlines()
    assert same == "The same answer: True"
    found = re.match(r"RDD (\d+\.\d\d) s, DataFrame (\d+\.\d\d) s: (\d+\.\d) times as fast$", race)
    record_property(
        "plot",
        {
            "kind": "bars",
            "title": "The DataFrame answers %s times as fast" % found.group(3),
            "x": "seconds",
            "values": [["RDD", float(found.group(1))], ["DataFrame", float(found.group(2))]],
        },
    )


@pytest.mark.claim("df.faster")
def test_what_they_race_for_is_the_sum_of_each_key_below_the_limit(spark):
    answers, _ = two_apis.race(spark, 250, limit=2, rounds=1)
    assert answers == ({0: 0 + 100 + 200, 1: 1 + 101 + 201},) * 2


@pytest.mark.claim("df.faster")
def test_a_number_of_rows_that_is_not_a_number_is_refused():
    with pytest.raises(SystemExit, match=r"^two_apis.py: not a number of rows: many$"):
        two_apis.main("many")


@pytest.mark.claim("df.faster")
def test_the_rdd_runs_in_python_and_the_dataframe_does_not(spark, sc):
    plan = two_apis.plan(two_apis.ask_df(two_apis.df_of(spark, 10), limit=3))
    assert "Range (0, 10" in plan
    assert "Filter" in plan
    assert "RDD" not in plan
    lineage = two_apis.ask_rdd(two_apis.rdd_of(sc, 10), limit=3).toDebugString().decode()
    assert lineage.startswith("(2) PythonRDD")
