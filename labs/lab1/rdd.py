"""Lab 1, slide 13: how many lines of a text have an a in them, how many a b, counted with an RDD.

make rdd [FILE=...]        spark-submit rdd.py [FILE ...]        python rdd.py [FILE ...]
"""

import os
import sys

from py4j.protocol import Py4JJavaError
from pyspark import SparkConf, SparkContext

README = "file://" + os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", "data", "README.md"))


def lines_with(inputData, letter):
    """The number of lines that have this letter, or longer text, in them at least once."""
    return inputData.filter(lambda s: letter in s).count()


def main(*inputFiles):
    """Count in the files, or in the course's own text, and print it as the slide does."""
    conf = SparkConf()
    sc = SparkContext.getOrCreate(conf=conf)
    print(sc)
    inputData = sc.textFile(",".join(inputFiles or [README])).cache()
    print(type(inputData))
    numAs = lines_with(inputData, "a")
    numBs = lines_with(inputData, "b")
    print("Lines with a: %i, lines with b: %i" % (numAs, numBs))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Py4JJavaError as error:
        # Only the action looks for the file, so only here do we learn that it is not there.
        if error.java_exception.getClass().getSimpleName() != "InvalidInputException":
            raise
        sys.exit("rdd.py: " + error.java_exception.getMessage())
