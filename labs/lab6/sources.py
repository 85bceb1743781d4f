"""Lab 6, slide 29: where streams come from. Here: files, and a socket; Kafka is in kafka_words.py.

make sources        spark-submit sources.py        python sources.py
"""

import os
import shutil
import socket
import tempfile

from pyspark.sql import SparkSession

try:
    from labs.lab6.batch_or_stream import lines_to_come, move_in
    from labs.lab6.word_count import from_socket
except ImportError:  # started as a script: Python looks in the script's own folder
    from batch_or_stream import lines_to_come, move_in
    from word_count import from_socket


def collect_lines(lines, name, checkpoint):
    """Start a query that appends each line to the table of this name; stop() ends it. checkpoint: a new folder."""
    table = lines.writeStream.outputMode("append").format("memory").queryName(name)
    return table.option("checkpointLocation", checkpoint).start()


def show_file(spark, folder, checkpoint):
    """A stream of the files in the folder, and what is in its table after a file was moved in."""
    query = collect_lines(lines_to_come(spark, folder), "from_files", checkpoint)
    try:
        move_in(folder, "1.txt", "a line in a file")
        query.processAllAvailable()
        spark.table("from_files").show()
    finally:
        query.stop()


def show_socket(spark, checkpoint):
    """A stream from a socket, and what is in its table after a line was sent."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        query = collect_lines(from_socket(spark, *server.getsockname()), "from_a_socket", checkpoint)
        try:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"a line in a socket\n")
                while query.isActive and spark.table("from_a_socket").count() == 0:
                    query.processAllAvailable()
            spark.table("from_a_socket").show()
        finally:
            query.stop()


def main():
    """Show a line that came as a file, and one that came through a socket."""
    spark = SparkSession.builder.getOrCreate()
    work = tempfile.mkdtemp()
    folder = os.path.join(work, "input")
    os.mkdir(folder)
    try:
        show_file(spark, folder, os.path.join(work, "checkpoint1"))
        show_socket(spark, os.path.join(work, "checkpoint2"))
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
