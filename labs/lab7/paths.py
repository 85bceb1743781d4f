"""Lab 7, slide 38: under Hadoop a path means HDFS; with file:/// in front it means the local disk.

hdfs dfs -put data
spark-submit --master yarn paths.py

Copies data/README.md from HDFS, and the course's own copy of it from the local disk, to output/ in HDFS.
"""

import sys
from pathlib import Path

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

LOCAL = "file://%s" % (Path(__file__).resolve().parents[2] / "data" / "README.md")


def copy_lines(sc, source, target):
    """Write the lines of a text file to a folder of text files, by way of an RDD."""
    sc.textFile(source).saveAsTextFile(target)


def copy_table(spark, source, target):
    """Write the lines of a text file to a folder of Parquet files, by way of a DataFrame with the column value."""
    spark.read.text(source).write.parquet(target)


def meaning(sc, path):
    """The path in full, with the file system that Hadoop takes it to be on."""
    hadoop_path = sc._jvm.org.apache.hadoop.fs.Path(path)
    return hadoop_path.getFileSystem(sc._jsc.hadoopConfiguration()).makeQualified(hadoop_path).toString()


def main(source="data/README.md", local=LOCAL, target="output"):
    """Print what each path means, and copy both files."""
    spark = SparkSession.builder.getOrCreate()
    sc = spark.sparkContext
    for path in source, local, target:
        print("%s means %s" % (path, meaning(sc, path)))
    try:
        # Without this line, which looks for the file, the next one would log a page about a missing one.
        sc.textFile(source).getNumPartitions()
        copy_lines(sc, source, target + "/lines")
        copy_table(spark, local, target + "/table.parquet")
    except Py4JJavaError as error:
        sys.exit("paths.py: %s" % error.java_exception.getMessage().splitlines()[0])


if __name__ == "__main__":
    main(*sys.argv[1:4])
