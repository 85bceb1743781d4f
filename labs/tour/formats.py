"""Slide 6: data formats of Hadoop, written by Spark and read again."""

import tempfile
from pathlib import Path

from pyspark.sql import SparkSession

OLD_API = "org.apache.hadoop.mapred."
NEW_API_INPUT = "org.apache.hadoop.mapreduce.lib.input."
NEW_API_OUTPUT = "org.apache.hadoop.mapreduce.lib.output."
LONG = "org.apache.hadoop.io.LongWritable"
INT = "org.apache.hadoop.io.IntWritable"
TEXT = "org.apache.hadoop.io.Text"
GZIP = "org.apache.hadoop.io.compress.GzipCodec"


def write_sequence_file(pairs, folder):
    """Write an RDD of (int, str) as Hadoop's own binary format, one file for each partition."""
    pairs.saveAsSequenceFile(folder)


def write_sequence_file_by_old_api(pairs, folder):
    """The same through Hadoop's first API for output formats."""
    pairs.saveAsHadoopFile(folder, OLD_API + "SequenceFileOutputFormat", keyClass=INT, valueClass=TEXT)


def write_sequence_file_by_new_api(pairs, folder):
    """The same through Hadoop's second API for output formats."""
    pairs.saveAsNewAPIHadoopFile(folder, NEW_API_OUTPUT + "SequenceFileOutputFormat", keyClass=INT, valueClass=TEXT)


def read_sequence_file(sc, folder):
    """An RDD of the (int, str) that one of the three above has written."""
    return sc.sequenceFile(folder)


def read_sequence_file_by_old_api(sc, folder):
    """The same through Hadoop's first API for input formats."""
    return sc.hadoopFile(folder, OLD_API + "SequenceFileInputFormat", INT, TEXT)


def read_sequence_file_by_new_api(sc, folder):
    """The same through Hadoop's second API for input formats."""
    return sc.newAPIHadoopFile(folder, NEW_API_INPUT + "SequenceFileInputFormat", INT, TEXT)


def lines_with_offsets(sc, path):
    """An RDD of (bytes before the line, line) of a text file: what a mapper of Hadoop is given."""
    return sc.newAPIHadoopFile(path, NEW_API_INPUT + "TextInputFormat", LONG, TEXT)


def write_compressed_text(lines, folder):
    """Write an RDD of strings as gzip-compressed text, one file for each partition."""
    lines.saveAsTextFile(folder, GZIP)


def read_text(sc, path):
    """An RDD of the lines of a text file, compressed or not, or of all the files of a folder."""
    return sc.textFile(path)


def write_parquet(df, folder):
    """Write a DataFrame by columns, as Parquet."""
    df.write.parquet(folder)


def read_parquet(spark, folder):
    """The DataFrame that is in the Parquet files of a folder."""
    return spark.read.parquet(folder)


def write_orc(df, folder):
    """Write a DataFrame by columns, as ORC."""
    df.write.orc(folder)


def read_orc(spark, folder):
    """The DataFrame that is in the ORC files of a folder."""
    return spark.read.orc(folder)


def main():
    """Write each format into a temporary folder and print what is read back."""
    spark = SparkSession.builder.getOrCreate()
    sc = spark.sparkContext
    pairs = sc.parallelize([(1, "one"), (2, "two"), (3, "three")], 2)
    df = pairs.toDF(["number", "name"])
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        write_sequence_file(pairs, str(place / "sequence"))
        write_sequence_file_by_old_api(pairs, str(place / "old"))
        write_sequence_file_by_new_api(pairs, str(place / "new"))
        write_compressed_text(pairs.values(), str(place / "text"))
        write_parquet(df, str(place / "parquet"))
        write_orc(df, str(place / "orc"))
        for name, dataset in (
            ("Sequence file", read_sequence_file(sc, str(place / "sequence"))),
            ("... by the old API", read_sequence_file_by_old_api(sc, str(place / "old"))),
            ("... by the new API", read_sequence_file_by_new_api(sc, str(place / "new"))),
            ("Compressed text", read_text(sc, str(place / "text"))),
            ("Parquet", read_parquet(spark, str(place / "parquet"))),
            ("ORC", read_orc(spark, str(place / "orc"))),
        ):
            print("%s: %s" % (name, dataset.collect()))
        files = sorted(path.name for path in (place / "text").iterdir() if not path.name.startswith("."))
        print("A folder of text: %s" % " ".join(files))


if __name__ == "__main__":
    main()
