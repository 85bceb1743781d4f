"""Lab 6, slides 30 and 31: counts the words that somebody types into a socket, for as long as they type.

make word_count        spark-submit word_count.py PORT HOST        python word_count.py PORT HOST

Somebody has to listen at the port before: make nc in another terminal. Ctrl+C ends it. The table is not sorted, and the
console shows its first 20 rows.
"""

import re
import signal
import sys

from pyspark.sql import SparkSession
from pyspark.sql.functions import explode, split
from pyspark.sql.utils import StreamingQueryException


def from_socket(spark, host, port):
    """The lines that come from host:port, one column, value. Spark connects when a query is started."""
    lines = spark.readStream.format("socket").option("host", host).option("port", port).load()
    return lines


def count_words(lines):
    """How often each word comes in the column value. Nothing here depends on whether lines is a stream."""
    words = lines.select(explode(split(lines.value, " ")).alias("word"))
    wordCounts = words.groupBy("word").count()
    return wordCounts


def watch(query, host, port):
    """Wait for the query's end. Raises ConnectionError if it ends because nothing is to be read from host:port."""
    try:
        query.awaitTermination()
    except StreamingQueryException as error:
        # Spark 2 puts what it says in quotes.
        reason = re.split(r"\n|\\n", str(error).split("terminated with exception: ")[-1].strip("'"))[0]
        raise ConnectionError(
            "nothing to read from %s:%s (%s): start make nc in another terminal first" % (host, port, reason)
        ) from error


def main(port, host):
    """Show the table of all words after each line, until Ctrl+C."""
    builder = SparkSession.builder.config("spark.ui.showConsoleProgress", "false")
    # As many tasks as this for each line typed; the default, 200, would take seconds.
    spark = builder.config("spark.sql.shuffle.partitions", 2).getOrCreate()
    # The terminal is for the tables: no log, and no trace of Java or Python at Ctrl+C.
    spark.sparkContext.setLogLevel("OFF")
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    wordCounts = count_words(from_socket(spark, host, port))
    query = wordCounts.writeStream.outputMode("complete").format("console").start()
    watch(query, host, port)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("word_count.py: wants a port and a host, as in word_count.py 9999 localhost")
    port, host = sys.argv[1:]
    if not port.isdigit() or not 0 < int(port) < 65536:
        sys.exit("word_count.py: %s is not a port: a number from 1 to 65535" % port)
    try:
        main(int(port), host)
    except ConnectionError as error:
        sys.exit("word_count.py: %s" % error)
