"""Lab 1, slide 10: RDDs made from files of several formats.

make files        spark-submit files.py        python files.py
"""

import os
import shutil
import tempfile

from pyspark import SparkConf, SparkContext


def lines_of(sc, path):
    """The lines of a text file, of a folder's files, or of all that a pattern fits; packed files are unpacked.

    Which file comes first is not promised.
    """
    return sc.textFile(path)


def texts_of(sc, folder):
    """The (path, whole text) of each file of a folder."""
    return sc.wholeTextFiles(folder)


def bytes_of(sc, path):
    """The (path, all bytes) of each file of a folder, or of all that a pattern fits."""
    return sc.binaryFiles(path)


def write_lines(lines, folder, packed=False):
    """Write an RDD of text, one file for each partition; ``packed`` with gzip."""
    lines.saveAsTextFile(folder, "org.apache.hadoop.io.compress.GzipCodec" if packed else None)


def write_pairs(pairs, folder):
    """Write an RDD of pairs as Hadoop's sequence files, one for each partition."""
    pairs.saveAsSequenceFile(folder)


def pairs_of(sc, folder):
    """The pairs of the sequence files of a folder."""
    return sc.sequenceFile(folder)


def main():
    """Write a few files into a temporary folder and print what is read from them."""
    sc = SparkContext.getOrCreate(conf=SparkConf())
    folder = tempfile.mkdtemp(prefix="lab1-files-")
    try:
        text, packed, pairs = (os.path.join(folder, name) for name in ("text", "packed", "pairs"))
        seasons = sc.parallelize(["spring", "summer", "autumn", "winter"], 2)
        write_lines(seasons, text)
        write_lines(seasons, packed, packed=True)
        write_pairs(seasons.map(lambda season: (season, len(season))), pairs)
        for name in (text, packed, pairs):
            print("%-28s %s" % (os.path.basename(name) + " was written as", sorted(os.listdir(name))))
        print("%-28s %s" % ("a text file", lines_of(sc, os.path.join(text, "part-00000")).collect()))
        print("%-28s %s" % ("a folder of them", lines_of(sc, text).collect()))
        print("%-28s %s" % ("part-*1", lines_of(sc, os.path.join(text, "part-*1")).collect()))
        print("%-28s %s" % ("packed with gzip", lines_of(sc, packed).collect()))
        print("%-28s %s" % ("sequence files", pairs_of(sc, pairs).collect()))
        print("%-28s %s" % ("whole text files", texts_of(sc, text).values().collect()))
        print("%-28s %s" % ("binary files", bytes_of(sc, text).mapValues(bytes).values().collect()))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
