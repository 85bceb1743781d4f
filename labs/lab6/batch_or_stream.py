"""Lab 6, slide 29: one function, given a table that is there and a table that is still coming.

    make batch_or_stream        spark-submit batch_or_stream.py        python batch_or_stream.py

The stream reads each file once, and yet has counted all of them.
"""

import os
import shutil
import tempfile

from pyspark.sql import SparkSession

try:
    from labs.lab6.word_count import count_words
except ImportError:  # started as a script: Python looks in the script's own folder
    from word_count import count_words

FILES = ["to be or not to be", "that is the question", "to sleep\nperchance to dream"]


def lines_there(spark, folder):
    """The lines of the text files in the folder, one column, value."""
    return spark.read.text(folder)


def lines_to_come(spark, folder):
    """The same as a stream, also of the files that will come; each file is a batch of its own."""
    return spark.readStream.option("maxFilesPerTrigger", 1).text(folder)


def keep_table(result, name, checkpoint):
    """Start a query that keeps its result up to date as the table of this name; stop() ends it.

    The folder checkpoint remembers what has been read: a query started from it goes on from there.
    """
    table = result.writeStream.outputMode("complete").format("memory").queryName(name)
    return table.option("checkpointLocation", checkpoint).start()


def rows_read(query):
    """How many rows each batch of the query read, the latest last."""
    # By source: the sum, which is there too, is missing in what Spark Connect answers.
    rows = [sum(source["numInputRows"] for source in progress["sources"]) for progress in query.recentProgress]
    return [number for number in rows if number]


def move_in(folder, name, text):
    """Put a text file into the folder, whole or not at all: written beside it, then renamed."""
    with tempfile.NamedTemporaryFile("w", dir=os.path.dirname(folder), delete=False, encoding="utf-8") as file:
        file.write(text)
    os.chmod(file.name, 0o644)
    os.rename(file.name, os.path.join(folder, name))


def main():
    """Count the words of three files that come one after the other, then of all three at once."""
    builder = SparkSession.builder.config("spark.ui.showConsoleProgress", "false")
    # As many tasks as this for each batch; the default, 200, would take seconds.
    spark = builder.config("spark.sql.shuffle.partitions", 2).getOrCreate()
    work = tempfile.mkdtemp()
    folder = os.path.join(work, "input")
    os.mkdir(folder)
    query = keep_table(count_words(lines_to_come(spark, folder)), "counts", os.path.join(work, "checkpoint"))
    try:
        for number, text in enumerate(FILES, 1):
            move_in(folder, "%d.txt" % number, text)
            query.processAllAvailable()
            print("After file %d, of which %d lines were read:" % (number, rows_read(query)[-1]))
            spark.table("counts").orderBy("word").show()
        print("All files as a static table:")
        count_words(lines_there(spark, folder)).orderBy("word").show()
    finally:
        query.stop()
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
