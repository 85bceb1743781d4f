"""Lab 4, slide 20: lines of text become Rows, Rows a DataFrame, and SQL finds the teenagers.

make rdd2df [FILE=...]        spark-submit rdd2df.py [FILE ...]        python rdd2df.py [FILE ...]

A line is a name, a comma and an age in years: ``Justin, 19``.
"""

import sys
from pathlib import Path

from py4j.protocol import Py4JJavaError
from pyspark.sql import Row, SparkSession

PEOPLE = "file://%s" % (Path(__file__).resolve().parents[2] / "data" / "people.txt")


def person(p):
    """The parts of a line as a Row of name and age. Raises IndexError or ValueError if there is none in them."""
    return Row(name=p[0], age=int(p[1]))


def people(lines):
    """The lines as an RDD of Rows of name and age."""
    parts = lines.map(lambda line: line.split(","))
    return parts.map(person)


def is_malformed(line):
    """Whether no person can be made of the line."""
    try:
        age = person(line.split(",")).age
    except (IndexError, ValueError):
        return True
    # A column of whole numbers has 64 bits; from a larger number Spark would silently make a null.
    return abs(age) >= 2**63


def malformed(lines):
    """The lines that are no person, each as (line, number); the first line has number 0."""
    return lines.zipWithIndex().filter(lambda numbered: is_malformed(numbered[0]))


def teens(spark, lines):
    """The names of those who are 13 to 19, as a DataFrame. The schema is inferred: that needs a line."""
    schemaPeople = spark.createDataFrame(people(lines))
    schemaPeople.createOrReplaceTempView("people")
    return spark.sql("SELECT name FROM people WHERE age >= 13 AND age <= 19")


def teen_names(spark, lines):
    """What the lab prints, line by line."""
    return teens(spark, lines).rdd.map(lambda p: "Name: " + p.name).collect()


def check(sc, path):
    """End the program with a sentence about what is wrong with the file, if anything is."""
    lines = sc.textFile(path)
    try:
        found = malformed(lines).take(1)
    except Py4JJavaError as error:
        sys.exit("rdd2df.py: cannot read %s: %s" % (path, error.java_exception.getMessage()))
    for line, number in found:
        sys.exit("rdd2df.py: %s, line %d: expected NAME, AGE but found %r" % (path, number + 1, line))
    if lines.isEmpty():
        sys.exit("rdd2df.py: %s is empty: expected lines of NAME, AGE" % path)


def main(*paths):
    """Print the teenagers of these files."""
    spark = SparkSession.builder.getOrCreate()
    sc = spark.sparkContext
    paths = paths or [PEOPLE]
    for path in paths:
        check(sc, path)
    lines = sc.textFile(",".join(paths))
    for name in teen_names(spark, lines):
        print(name)


if __name__ == "__main__":
    main(*sys.argv[1:])
