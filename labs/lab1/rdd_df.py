"""Lab 1 once more, slide 17: how many lines of a text have an a in them, how many a b, counted with a DataFrame.

make rdd_df [FILE=...]        spark-submit rdd_df.py [FILE ...]        python rdd_df.py [FILE ...]
"""

import os
import sys

from pyspark.sql import SparkSession
from pyspark.sql.utils import AnalysisException

README = "file://" + os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", "data", "README.md"))


def lines_with(inputData, letter):
    """The number of rows whose column ``value`` has this letter, or longer text, in it at least once."""
    return inputData.filter(inputData.value.contains(letter)).count()


def main(*inputFiles):
    """Count in the files, or in the course's own text, and print it as the slide does."""
    spark = SparkSession.builder.getOrCreate()
    inputData = spark.read.text(list(inputFiles or [README])).cache()
    numAs = lines_with(inputData, "a")
    numBs = lines_with(inputData, "b")
    print("Lines with a: %i, lines with b: %i" % (numAs, numBs))


if __name__ == "__main__":
    # Else Spark writes a page about a file that is not there, before the one line below.
    SparkSession.builder.getOrCreate().sparkContext.setLogLevel("ERROR")
    try:
        main(*sys.argv[1:])
    except AnalysisException as error:
        # The first line says it; what follows is the query plan or a Java trace.
        sys.exit("rdd_df.py: " + str(error).splitlines()[0])
