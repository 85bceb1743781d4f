"""Lab 4, slide 19: people from JSON, asked with DataFrame calls and with SQL text.

make sql [FILE=...]        spark-submit sql.py [FILE ...]        python sql.py [FILE ...]
"""

import sys
from pathlib import Path

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

PEOPLE = "file://%s" % (Path(__file__).resolve().parents[2] / "data" / "people.json")


def names(df):
    """The one column."""
    return df.select("name")


def names_and_next_ages(df):
    """Name and age in a year; nobody knows the age in a year of somebody whose age is null."""
    return df.select(df["name"], df["age"] + 1)


def older_than(df, age):
    """The rows above that age; a null is not above anything."""
    return df.filter(df["age"] > age)


def count_by_age(df):
    """How many rows each age has, the null age among them."""
    return df.groupBy("age").count()


def everybody_by_sql(spark, df):
    """All rows, through a view named people of this session."""
    df.createOrReplaceTempView("people")
    return spark.sql("SELECT * FROM people")


def check(sc, path):
    """End the program with a sentence if there is no such file: spark.read would log a page about it."""
    try:
        sc.textFile(path).getNumPartitions()
    except Py4JJavaError as error:
        sys.exit("sql.py: cannot read %s: %s" % (path, error.java_exception.getMessage()))


def main(*files):
    """Print what the slide prints, for these JSON files."""
    spark = SparkSession.builder.getOrCreate()
    js = list(files) or [PEOPLE]
    for path in js:
        check(spark.sparkContext, path)
    df = spark.read.json(js)
    missing = [column for column in ("name", "age") if column not in df.columns]
    if missing:
        sys.exit("sql.py: no line of %s has the field %s" % (", ".join(js), " or ".join(missing)))
    df.show()
    df.printSchema()
    names(df).show()
    names_and_next_ages(df).show()
    older_than(df, 21).show()
    count_by_age(df).show()
    sqlDF = everybody_by_sql(spark, df)
    sqlDF.show()


if __name__ == "__main__":
    main(*sys.argv[1:])
