"""Slide 6: the tools that come with Spark, one small job for each."""

import tempfile
from pathlib import Path

from pyspark.ml.linalg import Vectors
from pyspark.ml.regression import LinearRegression
from pyspark.sql import SparkSession

CLASSES = {
    "Spark SQL": "org.apache.spark.sql.SparkSession",
    "MLlib": "org.apache.spark.ml.Pipeline",
    "GraphX": "org.apache.spark.graphx.Graph",
    "Spark Streaming": "org.apache.spark.streaming.StreamingContext",
    "Structured Streaming": "org.apache.spark.sql.streaming.StreamingQuery",
}


def sql(spark):
    """Spark SQL: the mean of three numbers."""
    return spark.sql("SELECT avg(n) FROM VALUES (1), (2), (6) AS numbers(n)").first()[0]


def mllib(spark):
    """MLlib: slope and intercept of the line through three points."""
    points = spark.createDataFrame([(float(2 * x + 1), Vectors.dense(x)) for x in range(3)], ["label", "features"])
    line = LinearRegression(solver="normal").fit(points)
    return line.coefficients[0], line.intercept


def graphx(spark, path):
    """GraphX: how many vertices and edges a graph has that is given as a file of links."""
    sc = spark.sparkContext
    level = sc._jvm.org.apache.spark.storage.StorageLevel.MEMORY_ONLY()
    graph = sc._jvm.org.apache.spark.graphx.GraphLoader.edgeListFile(sc._jsc.sc(), path, False, -1, level, level)
    try:
        return graph.ops().numVertices(), graph.ops().numEdges()
    finally:
        graph.unpersist(False)


def streaming(spark, folder):
    """Streaming: how many lines have come in, with the text files of a folder, one after the other, as the stream."""
    query = (
        spark.readStream.option("maxFilesPerTrigger", 1).text(folder).groupBy().count()
        .writeStream.outputMode("complete").format("memory").queryName("lines_so_far").start()
    )  # fmt: skip
    try:
        query.processAllAvailable()
        return spark.table("lines_so_far").first()[0]
    finally:
        query.stop()


def main():
    """Print what each tool answers."""
    spark = SparkSession.builder.getOrCreate()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "links.txt"
        path.write_text("1 2\n2 3\n3 1\n")
        print("Spark SQL: the mean is %g" % sql(spark))
        print("MLlib: the line is %.3f x + %.3f" % mllib(spark))
        print("GraphX: %d vertices, %d edges" % graphx(spark, str(path)))
        print("Streaming: %d lines" % streaming(spark, folder))


if __name__ == "__main__":
    main()
