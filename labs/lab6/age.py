"""Lab 6, slides 32 and 33: the average age of the people in CSV files, again whenever a file comes into the folder.

make age        spark-submit age.py [FOLDER]        python age.py [FOLDER]

Move files in with mv: Spark reads a file once, as it is when it is first seen. Ctrl+C ends it.
"""

import os
import signal
import sys

from pyspark.sql import SparkSession
from pyspark.sql.functions import avg
from pyspark.sql.types import StructType
from pyspark.sql.utils import AnalysisException

INPUT = "file://" + os.path.join(os.path.dirname(os.path.abspath(__file__)), "input_csv")

userSchema = StructType().add("name", "string").add("age", "integer")


def people(spark, folder):
    """The rows name;age of the CSV files in a folder, and of those to come. AnalysisException: no such folder."""
    csvDF = spark.readStream.option("sep", ";").schema(userSchema).csv(folder)
    return csvDF


def average_age(csvDF):
    """One row: the mean of the column age, of those who told it."""
    averageAge = csvDF.select(avg(csvDF.age))
    return averageAge


def main(folder=INPUT):
    """Show the average age after each file, until Ctrl+C."""
    spark = SparkSession.builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    averageAge = average_age(people(spark, folder))
    # The terminal is for the tables: no log, and no trace of Java or Python at Ctrl+C.
    spark.sparkContext.setLogLevel("OFF")
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    query = averageAge.writeStream.outputMode("complete").format("console").start()
    query.awaitTermination()


if __name__ == "__main__":
    try:
        main(*sys.argv[1:2])
    except AnalysisException as error:
        sys.exit("age.py: " + str(error).splitlines()[0])
