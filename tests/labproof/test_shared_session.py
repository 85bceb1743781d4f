"""The shared session, in a process that had another one for a while."""

import pytest
from pyspark.sql import SparkSession
from pyspark.sql.functions import col


@pytest.mark.slow_start
def test_the_shared_session_is_as_it_was_when_the_other_has_ended(spark, own_spark):
    with own_spark("local[1]") as own:
        own.range(1).cache().count()
    assert SparkSession.builder.getOrCreate() is spark
    assert spark.range(3).filter(col("id") > 0).count() == 2
