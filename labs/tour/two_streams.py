"""Slides 9 and 29: a word count with each of the two streaming libraries.

The stream is the same for both: text files, one after the other.
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql.functions import explode, split
from pyspark.streaming import StreamingContext

README = Path(__file__).resolve().parents[2] / "data" / "README.md"


def count_with_dstreams(sc, paths, interval=0.2, timeout=60):
    """``{word: count}`` by the older library: every ``interval`` seconds an RDD comes in, here one for each file.

    Raises ``TimeoutError`` if they are not through after ``timeout`` seconds.
    """
    ssc = StreamingContext(sc, interval)
    lines = ssc.queueStream([sc.textFile(path) for path in paths])
    # The queue goes on with empty RDDs when the files are through.
    return _count(ssc, lines, interval, timeout, lambda batches, _: batches == len(paths))


def count_socket_with_dstreams(sc, host, port, words, interval=0.2, timeout=60):
    """The same of a socket, until so many ``words`` were counted. Listening takes a core of its own: two are needed."""
    ssc = StreamingContext(sc, interval)
    lines = ssc.socketTextStream(host, port)
    return _count(ssc, lines, interval, timeout, lambda _, counted: counted >= words)


def _count(ssc, lines, interval, timeout, is_enough):
    """Count the words of a DStream until ``is_enough(batches, words)``."""
    batches = []

    def is_through():
        return is_enough(len(batches), sum(sum(batch.values()) for batch in batches))

    def note(counts):
        if not is_through():
            batches.append(Counter(dict(counts.collect())))

    words = lines.flatMap(lambda line: line.split(" "))
    words.map(lambda word: (word, 1)).reduceByKey(lambda a, b: a + b).foreachRDD(note)
    ssc.start()
    try:
        for _ in range(int(timeout / interval)):
            if is_through() or ssc.awaitTerminationOrTimeout(interval):
                break
        else:
            raise TimeoutError("%d batches were not enough in %d s" % (len(batches), timeout))
    finally:
        ssc.stop(stopSparkContext=False)
    return dict(sum(batches, Counter()))


def count_with_structured_streaming(spark, folder):
    """``{word: count}`` by the newer library: each file in the folder is a batch of a table that grows."""
    lines = spark.readStream.option("maxFilesPerTrigger", 1).text(folder)
    words = lines.select(explode(split(lines.value, " ")).alias("word"))
    counts = words.groupBy("word").count()
    query = counts.writeStream.outputMode("complete").format("memory").queryName("words_so_far").start()
    try:
        query.processAllAvailable()
        return dict(map(tuple, spark.table("words_so_far").collect()))
    finally:
        query.stop()


def cut(text, folder, parts):
    """Write the lines of a text into that many files of a folder; their paths."""
    lines = text.splitlines(True)
    paths = [Path(folder) / ("part-%d.txt" % part) for part in range(parts)]
    for part, path in enumerate(paths):
        path.write_bytes("".join(lines[part::parts]).encode("utf-8"))
    return list(map(str, paths))


def main(path=README):
    """Print the five most frequent words of the text at ``path``, counted by each library."""
    if not Path(path).exists():
        sys.exit("two_streams.py: no such file: %s" % path)
    spark = SparkSession.builder.getOrCreate()
    spark.conf.set("spark.sql.shuffle.partitions", "2")
    with tempfile.TemporaryDirectory() as folder:
        paths = cut(Path(path).read_bytes().decode("utf-8"), folder, parts=3)
        by_dstreams = count_with_dstreams(spark.sparkContext, paths)
        by_structured = count_with_structured_streaming(spark, folder)
    for name, counts in ("DStreams", by_dstreams), ("Structured Streaming", by_structured):
        most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:5]
        print("%s: %s" % (name, ", ".join("%s %d" % item for item in most)))


if __name__ == "__main__":
    main(*sys.argv[1:])
