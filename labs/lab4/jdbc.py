"""Lab 4, slide 16: tables of a relational database, through JDBC.

make jdbc        spark-submit jdbc.py        spark-submit --jars DRIVER.jar jdbc.py URL DRIVER TABLE [USER]

Without arguments it makes a small database of its own, Derby in memory, as Spark carries that one. With them it shows a
table of yours; the password is taken from the environment variable JDBC_PASSWORD. DRIVER is a Java class, like
org.postgresql.Driver.
"""

import os
import sys

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession
from pyspark.sql.utils import AnalysisException

OWN = {"url": "jdbc:derby:memory:people;create=true", "driver": "org.apache.derby.jdbc.EmbeddedDriver"}


def read_table(spark, database, table):
    """A table, or a query in brackets with a name. What is filtered afterwards is filtered by the database."""
    return spark.read.format("jdbc").options(**database).option("dbtable", table).load()


def read_in_parts(spark, database, table, column, lower, upper, parts):
    """The same by so many queries at once, each for its share of the numbers in column, about from lower to upper."""
    reader = spark.read.format("jdbc").options(**database).option("dbtable", table)
    reader = reader.option("partitionColumn", column).option("lowerBound", lower).option("upperBound", upper)
    return reader.option("numPartitions", parts).load()


def write_table(df, database, table, mode="error", truncate=False):
    """Write a table: mode is error (if there is one), append or overwrite; truncate keeps the table and empties it."""
    writer = df.write.format("jdbc").options(**database).option("dbtable", table)
    writer.option("truncate", truncate).mode(mode).save()


def older_than(people, age):
    """The names of the people over this age."""
    return people.filter(people["age"] > age).select("name")


def reason(error):
    """What the database said, which is the last cause of what Spark says."""
    java = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
    if java is None:
        return str(error).splitlines()[0]
    while java.getCause() is not None:
        java = java.getCause()
    return java.getMessage().splitlines()[0]


def main(database=None, table="people"):
    """Show a table, and in the database of our own who is older than 20."""
    spark = SparkSession.builder.getOrCreate()
    if database:
        read_table(spark, database, table).show()
        return
    people = spark.createDataFrame([("Michael", 29), ("Andy", 30), ("Justin", 19)], "name STRING, age INT")
    write_table(people.coalesce(1), OWN, table, "overwrite")
    read_table(spark, OWN, table).show()
    older_than(read_table(spark, OWN, table), 20).show()


if __name__ == "__main__":
    try:
        if len(sys.argv) == 1:
            main()
        elif len(sys.argv) in (4, 5):
            yours = {"url": sys.argv[1], "driver": sys.argv[2]}
            if len(sys.argv) == 5:
                yours.update(user=sys.argv[4], password=os.environ.get("JDBC_PASSWORD", ""))
            main(yours, sys.argv[3])
        else:
            sys.exit("jdbc.py: wants URL DRIVER TABLE [USER], or nothing")
    except (AnalysisException, Py4JJavaError) as error:
        sys.exit("jdbc.py: %s" % reason(error))
