"""Lab 4, slide 21: a Parquet file read, columns of it saved, SQL on the file itself, a managed and an external table.

make files [FILE=...]        spark-submit files.py [FILE]        python files.py [FILE]

Makes output/, spark-warehouse/ and metastore_db/ in the current folder; hive.py and hive.sql read the table users1
there.
"""

import sys
from os.path import abspath, exists, join, relpath
from pathlib import Path

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

USERS = "file://%s" % (Path(__file__).resolve().parents[2] / "data" / "users.parquet")


def session(warehouse_location):
    """A session with a Hive metastore in the current folder, and its tables in the folder that is named."""
    return (
        SparkSession.builder.appName("Python Spark SQL Hive integration example")
        .config("spark.sql.warehouse.dir", warehouse_location)
        .enableHiveSupport()
        .getOrCreate()
    )


def names_and_colors(df):
    """Two of the columns."""
    return df.select("name", "favorite_color")


def query_file(spark, parquet):
    """All rows of a Parquet file, named in the SQL text in the place of a table."""
    return spark.sql("SELECT * FROM parquet.`%s`" % parquet.replace("`", "``"))


def save_managed(df, table):
    """Save as a table whose files are Spark's: in the warehouse, gone with the table."""
    df.write.saveAsTable(table)


def save_external(df, table, path):
    """Save as a table whose files are yours: where you say, still there when the table is dropped.

    An absolute path: from Spark 3.1 on the catalog looks for a relative one in the warehouse.
    """
    df.write.option("path", path).saveAsTable(table)


def left_by_an_earlier_run(spark, paths, tables):
    """What is already there of these, in words."""
    known = [table.name for table in spark.catalog.listTables() if not table.isTemporary]
    return [relpath(path) for path in paths if exists(path)] + ["table " + name for name in tables if name in known]


def main(parquet=USERS):
    """Make what the slide makes of this Parquet file, if none of it is there yet."""
    warehouse_location = abspath("spark-warehouse")
    spark = session(warehouse_location)
    saved, external, managed = abspath("output/t.parquet"), abspath("output/hive"), join(warehouse_location, "users1")
    left = left_by_an_earlier_run(spark, [saved, external, managed], ["users1", "users"])
    if left:
        remedy = "make clean, or rm -r output spark-warehouse metastore_db"
        sys.exit("files.py: an earlier run left %s; remove that first: %s" % (", ".join(left), remedy))
    try:
        # Without this line, which looks for the file, the next one would log a page about a missing one.
        spark.sparkContext.textFile(parquet).getNumPartitions()
        df = spark.read.load(parquet)
    except Py4JJavaError as error:
        sys.exit("files.py: cannot read %s: %s" % (parquet, error.java_exception.getMessage().splitlines()[0]))
    names_and_colors(df).write.save(saved)
    df = query_file(spark, parquet)
    # The slide has print(df.show()), which prints the table and then None, as show() returns nothing.
    df.show()
    save_managed(df, "users1")
    save_external(df, "users", external)


if __name__ == "__main__":
    main(*sys.argv[1:2])
