"""Lab 4, slide 22: a Hive table loaded from a local file, and shown beside the table of files.py.

make hive [FILE=...]        spark-submit hive.py [FILE]        python hive.py [FILE]

Run files.py in the same folder first: it makes users1. The table stays: each run loads the file once more, on top.
"""

import sys
from os.path import abspath, exists
from pathlib import Path

from pyspark.sql import SparkSession

KV1 = str(Path(__file__).resolve().parents[2] / "data" / "kv1.txt")


def session(warehouse_location):
    """A session with a Hive metastore in the current folder, and its tables in the folder that is named."""
    return (
        SparkSession.builder.appName("Python Spark SQL Hive integration example")
        .config("spark.sql.warehouse.dir", warehouse_location)
        .enableHiveSupport()
        .getOrCreate()
    )


def load(spark, kv1):
    """The Hive table src with the lines of a file appended: a key, ^A (which is what Hive splits at) and a value."""
    spark.sql("CREATE TABLE IF NOT EXISTS src (key INT, value STRING) USING hive")
    spark.sql("LOAD DATA LOCAL INPATH '%s' INTO TABLE src" % kv1.replace("'", "\\'"))
    return spark.sql("SELECT * FROM src")


def main(kv1=KV1):
    """Load this file into src, and show src and users1."""
    warehouse_location = abspath("spark-warehouse")
    spark = session(warehouse_location)
    if "users1" not in [table.name for table in spark.catalog.listTables()]:
        sys.exit("hive.py: there is no table users1 in this folder yet: run files.py here first (make files)")
    if not exists(kv1):
        sys.exit("hive.py: there is no file %s" % kv1)
    load(spark, kv1).show()
    spark.sql("SELECT * FROM users1").show()


if __name__ == "__main__":
    main(*sys.argv[1:2])
