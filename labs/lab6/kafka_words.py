"""Lab 6, slide 29: counts the words of a Kafka topic for as long as messages come, and writes the counts to another.

    make kafka_words        spark-submit --packages CONNECTOR kafka_words.py SERVERS FROM TO CHECKPOINT

make takes SERVERS=localhost:9092 FROM=lines TO=words; both topics have to be there. CONNECTOR is not in pyspark:
org.apache.spark:spark-sql-kafka-0-10_2.13:4.2.0 is that of Spark 4.2 and its Scala (2.12 is that of Spark 3, 2.11 of
Spark 2). Ctrl+C ends it; started again, it goes on where it was: what is done is in the folder CHECKPOINT.
"""

import signal
import sys

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession
from pyspark.sql.utils import AnalysisException, StreamingQueryException

try:
    from labs.lab6.word_count import count_words
except ImportError:  # started as a script: Python looks in the script's own folder
    from word_count import count_words


class NoMessages(Exception):
    """Nothing comes from Kafka; the text says why."""


def from_kafka(spark, servers, topic, starting="earliest", at_once=1000):
    """The messages of a topic: key and value as bytes, topic, partition, offset, timestamp, and headers from 3.0 on.

    servers is HOST:PORT of one broker or more; starting is earliest or latest, and counts the first time only: later
    the checkpoint knows. A batch has at_once messages at most, however many wait. Raises NoMessages if this Spark has
    no connector.
    """
    reader = spark.readStream.format("kafka").option("kafka.bootstrap.servers", servers).option("subscribe", topic)
    reader = reader.option("startingOffsets", starting).option("maxOffsetsPerTrigger", at_once)
    try:
        return reader.option("includeHeaders", "true").load()
    except (AnalysisException, Py4JJavaError) as error:
        # Spark before 2.4 lets Java's own error through.
        if isinstance(error, Py4JJavaError) and "Failed to find data source" not in str(error):
            raise
        raise NoMessages("Spark's connector for Kafka has to be brought: see the first lines of this file") from error


def lines_of(messages):
    """The values as text, one column, value, which is null in a message that has none."""
    return messages.selectExpr("CAST(value AS STRING) AS value")


def write_counts(counts, servers, topic, checkpoint):
    """Start a query that writes each count that has changed: the word is the key, the count the value. stop() ends it.

    A batch that is done again after a crash is written again, with the same counts: the last message of a key is right.
    """
    messages = counts.selectExpr("word AS key", "CAST(count AS STRING) AS value")
    writer = messages.writeStream.outputMode("update").format("kafka").option("kafka.bootstrap.servers", servers)
    return writer.option("topic", topic).option("checkpointLocation", checkpoint).start()


def watch(query, servers):
    """Wait for the query's end. Raises NoMessages if it fails because a topic is not there."""
    try:
        query.awaitTermination()
    except StreamingQueryException as error:
        if "UnknownTopicOrPartition" not in str(error):
            raise
        raise NoMessages("%s has not both topics, to read from and to write to: create them first" % servers) from error


def main(servers, source, target, checkpoint):
    """Count until Ctrl+C."""
    builder = SparkSession.builder.config("spark.ui.showConsoleProgress", "false")
    # As many tasks as this for each batch; the default, 200, would take seconds.
    spark = builder.config("spark.sql.shuffle.partitions", 2).getOrCreate()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    wordCounts = count_words(lines_of(from_kafka(spark, servers, source)))
    watch(write_counts(wordCounts, servers, target, checkpoint), servers)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit("kafka_words.py: wants servers, two topics and a folder: localhost:9092 lines words output/checkpoint")
    try:
        main(*sys.argv[1:])
    except NoMessages as error:
        sys.exit("kafka_words.py: %s" % error)
