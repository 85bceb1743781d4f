"""A session of its own beside the shared one, in the same process."""

import pytest
from pyspark.sql import SparkSession
from pyspark.sql.functions import col

pytestmark = pytest.mark.slow_start


@pytest.fixture(scope="module")
def shared_then_own(spark, own_spark):
    """A session of its own in a process that has used the shared one."""
    assert spark.range(3).filter(col("id") > 0).count() == 2
    with own_spark("local[1]", **{"spark.app.name": "own"}) as own:
        yield own


@pytest.mark.parametrize("time", ["first", "second"])
def test_all_tests_of_a_module_find_its_own_session(shared_then_own, time):
    assert SparkSession.builder.getOrCreate() is shared_then_own
    assert shared_then_own.sparkContext.master == "local[1]"
    assert shared_then_own.range(3).filter(col("id") > 0).count() == 2
