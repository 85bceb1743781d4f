"""Slide 16: what a DataFrame is, and what it can be made from."""

import json

import pytest
from chispa import assert_df_equality
from hypothesis import given
from hypothesis import strategies as st
from printed import tables
from pyspark.sql.functions import spark_partition_id

from labs.lab4 import sources

records = st.dictionaries(
    st.sampled_from(["name", "größe", "都市", "a b"]), st.none() | st.text(max_size=5), min_size=1
)


@pytest.mark.claim("sql.dataframe")
def test_fields_within_fields_become_the_schema(spark):
    nested = sources.from_json_lines(spark, sources.NESTED)
    assert nested.schema.simpleString() == (
        "struct<address:struct<city:string,post:struct<box:bigint,code:string>>,"
        "age:bigint,name:string,phones:array<string>>"
    )


@pytest.mark.claim("sql.dataframe")
def test_a_field_that_a_record_lacks_is_null_at_every_depth(spark):
    ada = '{"name": "Ada", "address": {"city": "London", "post": {"code": "N1"}}}'
    boris = '{"name": "Boris", "address": {"city": "Київ"}}'
    cem = '{"name": "Cem"}'
    people = sources.from_json_lines(spark, [ada, boris, cem])
    assert sources.cities_and_codes(people).collect() == [
        ("Ada", "London", "N1"),
        ("Boris", "Київ", None),
        ("Cem", None, None),
    ]


@pytest.mark.claim("sql.dataframe")
@given(st.lists(records, min_size=1, max_size=2) | st.lists(records, min_size=20, max_size=40))
def test_the_columns_are_all_fields_of_all_records(spark, records):
    df = sources.from_json_lines(spark, [json.dumps(record) for record in records])
    fields = sorted({field for record in records for field in record})
    assert df.columns == fields
    assert df.collect() == [tuple(record.get(field) for field in fields) for record in records]


@pytest.mark.claim("sql.dataframe")
def test_the_rows_are_distributed_over_partitions(spark, sc):
    people = sources.from_rdd(spark, sc.parallelize([("Ada", 36), ("Boris", 41), ("Cem", 20)], 3))
    where = people.select("name", spark_partition_id()).collect()
    assert where == [("Ada", 0), ("Boris", 1), ("Cem", 2)]


@pytest.mark.claim("sql.sources")
def test_from_a_dataframe_and_that_one_stays_as_it_was(spark):
    people = spark.createDataFrame([("Ada", 36), ("Boris", None)], "name STRING, age BIGINT")
    older = spark.createDataFrame([("Ada", 37), ("Boris", None)], "name STRING, age BIGINT")
    assert_df_equality(sources.from_dataframe(people), older)
    assert people.collect() == [("Ada", 36), ("Boris", None)]


@pytest.mark.claim("sql.sources")
def test_from_an_rdd_each_record_is_a_row(spark, sc):
    df = sources.from_rdd(spark, sc.parallelize([("Ada", 36), ("Київ 🚀", -(2**63)), ("Ada", 36)], 2))
    assert dict(df.dtypes) == {"name": "string", "age": "bigint"}
    assert [(row.name, row.age) for row in df.collect()] == [("Ada", 36), ("Київ 🚀", -(2**63)), ("Ada", 36)]


@pytest.mark.claim("sql.sources")
def test_from_an_array_each_element_is_a_row(spark):
    df = sources.from_array(spark, [("Ada", 36), (None, 41), ("Київ 🚀", None), ("Ada", 36)])
    assert df.schema.simpleString() == "struct<name:string,age:bigint>"
    assert df.collect() == [("Ada", 36), (None, 41), ("Київ 🚀", None), ("Ada", 36)]


@pytest.mark.claim("sql.sources")
def test_from_an_empty_array_there_is_a_schema_and_no_row(spark):
    df = sources.from_array(spark, [])
    assert df.columns == ["name", "age"]
    assert df.collect() == []


@pytest.mark.claim("sql.sources")
def test_from_text_each_line_is_a_value(spark, tmp_path):
    (tmp_path / "lines.txt").write_bytes("first, \n\n  Київ 🚀\nlast has no end".encode("utf-8"))
    df = sources.from_text(spark, str(tmp_path / "lines.txt"))
    assert df.schema.simpleString() == "struct<value:string>"
    assert df.collect() == [("first, ",), ("",), ("  Київ 🚀",), ("last has no end",)]


@pytest.mark.claim("sql.sources")
def test_from_json_each_line_is_a_row(spark, data):
    df = sources.from_json(spark, str(data / "people.json"))
    assert df.schema.simpleString() == "struct<age:bigint,name:string>"
    assert df.collect() == [(None, "Michael"), (30, "Andy"), (19, "Justin")]


@pytest.mark.claim("sql.sources")
def test_from_parquet_with_the_schema_that_the_file_has(spark, data):
    df = sources.from_parquet(spark, str(data / "users.parquet"))
    assert df.schema.simpleString() == "struct<name:string,favorite_color:string,favorite_numbers:array<int>>"
    assert df.collect() == [
        ("Alyssa", None, [3, 9, 15, 20]),
        ("Ben", "red", []),
        ("Chloé", "green", [7]),
        ("Dagny", None, [1, 1, 2, 3, 5, 8]),
        ("Émile", "blue", [-40, 2147483647]),
    ]


DAMAGED = ['{"name": "Ada", "age": 36}', '{"name": "Bor', '{"name": "Cem"}', "Dunja;40"]


@pytest.mark.claim("sql.sources")
def test_permissive_keeps_the_text_of_a_damaged_record(spark):
    assert sources.read_damaged(spark, DAMAGED, "PERMISSIVE").collect() == [
        ("Ada", 36, None),
        (None, None, '{"name": "Bor'),
        ("Cem", None, None),
        (None, None, "Dunja;40"),
    ]


@pytest.mark.claim("sql.sources")
def test_dropmalformed_leaves_a_damaged_record_out(spark):
    assert sources.read_damaged(spark, DAMAGED, "DROPMALFORMED").collect() == [("Ada", 36, None), ("Cem", None, None)]


@pytest.mark.claim("sql.sources")
def test_failfast_fails_the_action_that_meets_a_damaged_record(spark):
    df = sources.read_damaged(spark, DAMAGED, "FAILFAST")
    with pytest.raises(Exception, match="FAILFAST"):
        df.collect()


@pytest.mark.claim("sql.sources")
def test_failfast_has_nothing_against_records_that_are_whole(spark):
    assert sources.read_damaged(spark, DAMAGED[::2], "FAILFAST").collect() == [("Ada", 36, None), ("Cem", None, None)]


@pytest.mark.claim("sql.sources")
def test_run_as_a_script_the_examples_show_a_table_each(spark, printout, measured):
    sources.main()
    printed = printout()
    *shown, by_calls, by_sql = tables(printed)
    first_rows = [table[1] for table in shown]
    null = first_rows[4][0]
    assert first_rows == [
        ["Ada", "36"],
        ["Ada", "37"],
        measured("first row from an RDD"),
        ["Michael, 29"],
        [null, "Michael"],
        ["Alyssa", null, "[3, 9, 15, 20]"],
        ["Ada", "London", "N1"],
        ["Ada", "36", null],
        ["Ada", "36", null],
    ]
    # In which order the groups come is open.
    counted = [["20", "1", "20", "20", "20"], ["36", "2", "36", "36", "72"]]
    assert sorted(by_calls[1:]) == sorted(by_sql[1:]) == counted
    assert printed.endswith("From damaged JSON, FAILFAST:\nthe action failed, and Spark's log names the record\n")
