"""Lab 6, slide 29: a stream that may be killed at any moment and started again: no line is lost, none comes twice.

    make exactly_once        spark-submit exactly_once.py [SOURCE [TARGET]]

Copies the lines of all text files in the folder SOURCE to the folder TARGET, one file a batch. What is done is written
down in TARGET/checkpoint.
"""

import os
import sys

from pyspark.sql import SparkSession
from pyspark.sql.utils import AnalysisException

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = "file://" + os.path.join(HERE, "..", "..", "data", "lab6")
TARGET = "file://" + os.path.join(HERE, "output")


def copy_lines(spark, source, target):
    """Start the query; stop() ends it. Raises AnalysisException if there is no such source."""
    lines = spark.readStream.option("maxFilesPerTrigger", 1).text(source)
    files = lines.writeStream.format("text").option("path", target + "/lines")
    return files.option("checkpointLocation", target + "/checkpoint").start()


def copied(spark, target):
    """The lines that have arrived, one column, value: of files that a killed batch left behind, none."""
    return spark.read.text(target + "/lines")


def main(source=SOURCE, target=TARGET):
    """Copy all that is there, and say how much that is."""
    spark = SparkSession.builder.getOrCreate()
    query = copy_lines(spark, source, target)
    try:
        query.processAllAvailable()
    finally:
        query.stop()
    print("%d lines in %s" % (copied(spark, target).count(), target))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:3])
    except AnalysisException as error:
        sys.exit("exactly_once.py: " + str(error).splitlines()[0])
