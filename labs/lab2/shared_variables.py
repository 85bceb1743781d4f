"""Lab 2, slide 15: what is typed at the pyspark prompt, as functions.

The lines to type are in lines.txt; each of them stands here as it does there.
"""

import sys
from pathlib import Path

from py4j.protocol import Py4JJavaError
from pyspark import SparkContext

README = "file://%s" % (Path(__file__).resolve().parents[2] / "data" / "README.md")


def longest_line(lines):
    """How many words the line has that has the most of them. Raises ``ValueError`` if there is no line at all."""
    ll = lines.map(lambda line: len(line.split()))
    return ll.reduce(lambda a, b: a if (a > b) else b)


def word_count(lines):
    """An RDD of (word, how many times the text has it); words are what stands between white space."""
    pairs = lines.flatMap(lambda s: s.split()).map(lambda w: (w, 1))
    result = pairs.reduceByKey(lambda a, b: a + b)
    return result


def show(result):
    """Print the words and their counts, one a line, in the order in which the partitions come."""
    print("\n".join(map(lambda x: "{} -> {}".format(*x), result.collect())))  # noqa: C417


def broadcast(sc):
    """A broadcast list, and how many of the numbers below 1000 the tasks find in it."""
    distData = sc.parallelize(list(range(1000)))
    b = sc.broadcast(list(range(10)))
    return b.value, distData.filter(lambda x: x in b.value).count()


def accumulator(sc):
    """The sum of the numbers below 5, added up by the tasks and read by the driver."""
    a = sc.accumulator(0)
    sc.parallelize(list(range(5))).foreach(lambda x: a.add(x))
    return a.value


def main(path=README):
    """Print what the prompt answers, for the text file at ``path``."""
    sc = SparkContext.getOrCreate()
    lines = sc.textFile(path)
    try:
        print(longest_line(lines))
    except ValueError:
        sys.exit("shared_variables.py: there is no line in %s" % path)
    except Py4JJavaError as error:
        if error.java_exception.getClass().getSimpleName() != "InvalidInputException":
            raise
        sys.exit("shared_variables.py: " + error.java_exception.getMessage())
    show(word_count(lines))
    value, found = broadcast(sc)
    print(value)
    print(found)
    print(accumulator(sc))


if __name__ == "__main__":
    main(*sys.argv[1:])
