"""Slides 6 and 45: GraphX has no Python API, but its Scala classes come with Spark and can be called from Python.

links.txt has a graph: one line for each link, from the page of the first number to that of the second.
"""

import sys
from pathlib import Path

from pyspark import SparkContext, StorageLevel

LINKS = str(Path(__file__).resolve().parent / "links.txt")


def read_graph(sc, path):
    """The graph of a file of links, as the JVM has it."""
    level = sc._getJavaStorageLevel(StorageLevel.MEMORY_ONLY)
    # Scala's default arguments have to be written out: as the links are, in as many partitions as the file has.
    return sc._jvm.org.apache.spark.graphx.GraphLoader.edgeListFile(sc._jsc.sc(), path, False, -1, level, level)


def page_rank(sc, path, rounds=5):
    """``{page: rank}`` with a mean of 1, after that many ``rounds`` in which each page hands 85 % of its rank on."""
    graph = read_graph(sc, path)
    try:
        ranks = graph.ops().staticPageRank(rounds, 0.15).vertices().toJavaRDD().collect()
        return {rank._1(): rank._2() for rank in ranks}
    finally:
        graph.unpersist(False)


def main(path=LINKS):
    """Print the rank of each page, the highest first."""
    if not Path(path).exists():
        sys.exit("graphx.py: no such file: %s" % path)
    ranks = page_rank(SparkContext.getOrCreate(), path)
    for page in sorted(ranks, key=ranks.get, reverse=True):
        print("%s: %.4f" % (page, ranks[page]))


if __name__ == "__main__":
    main(*sys.argv[1:])
