"""Slide 6: a real HBase, whose rows come to Spark through its input format, and what does not work from Python."""

import io
import os
from contextlib import closing, redirect_stdout

import pytest

from labs.tour import hbase

pytestmark = [pytest.mark.slow_start, pytest.mark.in_order]


@pytest.fixture(scope="module")
def place(part):
    """Where HBase's ZooKeeper listens."""
    return "%(quorum)s:%(port)d" % part("hbase")


@pytest.fixture(scope="module")
def spark_with_hbase(own_spark, part, place):
    """A session that has HBase's client on its class path."""
    with own_spark("local[1]", class_path=os.pathsep.join(part("hbase")["jars"]), **hbase.SETTINGS) as spark:
        yield spark.sparkContext


@pytest.fixture(scope="module")
def printed(spark_with_hbase, place):
    """What the example prints; its table, fruit, is there from then on."""
    with redirect_stdout(io.StringIO()) as out:
        hbase.main(place)
    return out.getvalue()


@pytest.mark.claim("hadoop.hbase")
def test_rows_that_hbases_client_wrote_are_records_of_an_rdd(spark_with_hbase, place, printed, record_property):
    record_property("printed", printed)
    assert hbase.read(spark_with_hbase, place, "fruit").collect() == [
        ("apple", {"look:colour": 5, "look:size": 1}),
        ("cherry", {"look:colour": 3}),
        ("poire née", {"look:colour": 5, "taste:": 5}),
    ]


@pytest.mark.claim("hadoop.hbase")
def test_a_scan_reads_a_part_of_the_rows_and_of_the_columns(spark_with_hbase, place, printed):
    assert hbase.read(spark_with_hbase, place, "fruit", row_start="b", row_stop="d").keys().collect() == ["cherry"]
    sizes = hbase.read(spark_with_hbase, place, "fruit", columns="look:size")
    assert sizes.collect() == [("apple", {"look:size": 1})]
    assert "From b on: ['cherry', 'poire née']\n" in printed


@pytest.mark.claim("hadoop.hbase")
def test_what_is_written_later_is_read_later(spark_with_hbase, place, printed):
    with closing(hbase.client(spark_with_hbase, place)) as connection:
        hbase.make_table(spark_with_hbase, connection, "later", ["cf"])
        assert hbase.read(spark_with_hbase, place, "later").count() == 0
        hbase.put(spark_with_hbase, connection, "later", [("%02d" % n, {"cf:n": "x" * n}) for n in range(30)])
    rows = hbase.read(spark_with_hbase, place, "later")
    assert rows.collect() == [("%02d" % n, {"cf:n": n}) for n in range(30)]


@pytest.mark.claim("hadoop.hbase")
def test_values_do_not_come_to_python_only_how_long_they_are(spark_with_hbase, place, printed):
    assert "green" not in printed
    assert "apple: look:colour (5 bytes), look:size (1 bytes)\n" in printed


@pytest.mark.claim("hadoop.hbase")
def test_the_output_format_does_not_take_what_comes_from_python(spark_with_hbase, place, printed):
    said = hbase.write_by_output_format(
        spark_with_hbase, place, "fruit", spark_with_hbase.parallelize([("fig", "look:colour")])
    )
    assert "org.apache.hadoop.io.Text cannot be cast to" in said
    assert "org.apache.hadoop.hbase.client.Mutation" in said
    assert "Written from Python by the output format: %s\n" % said in printed
    assert "fig" not in hbase.read(spark_with_hbase, place, "fruit").keys().collect()
