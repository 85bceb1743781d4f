"""Lab 3, slide 18: the cells of lab3.ipynb as functions. The words of a text, and how often it has each."""

import sys
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql.functions import explode, split
from pyspark.sql.utils import AnalysisException

README = "file://%s" % (Path(__file__).resolve().parents[2] / "data" / "README.md")


def words(lines):
    """A DataFrame with a column w: what stands between the white space of the ``lines`` (a column value).

    An empty line, or white space at the beginning or end of one, gives an empty string, which is a word here.
    """
    z = lines.select(explode(split(lines.value, r"\s+")).name("w"))
    return z


def word_count(z):
    """A DataFrame of w and count, one row for each word."""
    return z.groupBy("w").count()


def main(path=README):
    """Print ten words of the text file at ``path`` with their counts, as the last cell does."""
    spark = SparkSession.builder.getOrCreate()
    try:
        ten = word_count(words(spark.read.text(path))).take(10)
    except AnalysisException:
        sys.exit("lab3.py: no such file: %s" % path)
    print(ten)


if __name__ == "__main__":
    main(*sys.argv[1:])
