"""Lab 5: MLlib's sample files in libsvm format, and what is wrong with a file that is not in that format.

A line is ``label index:value index:value ...``: indices count from 1 and grow; a feature that is not named is zero.
Blank lines and lines that begin with # do not count.
"""

import os

import pyspark
from pyspark.sql.utils import AnalysisException


def sample(name):
    """Path of one of MLlib's own sample files, which come with Spark."""
    folders = [os.path.join(os.path.dirname(pyspark.__file__), "data", "mllib")]
    if "SPARK_HOME" in os.environ:
        folders.append(os.path.join(os.environ["SPARK_HOME"], "data", "mllib"))
    for folder in folders:
        if os.path.isfile(os.path.join(folder, name)):
            return "file://" + os.path.join(folder, name)
    raise ValueError("%s is not in %s: name another file in libsvm format" % (name, " nor in ".join(folders)))


def load(spark, path, classes):
    """The rows of a file: columns label, one of 0 to ``classes`` - 1, and features, a sparse vector.

    Raises ValueError that names the file, and the first line that is not so.
    """

    rows = 0
    try:
        # One line after the other, in the driver, so that the first that is wrong can be told by its number.
        for number, (line,) in enumerate(spark.read.text(path).toLocalIterator(), 1):
            line = line.strip()
            if line and not line.startswith("#"):
                reason = complaint(line, classes)
                if reason:
                    raise ValueError("%s, line %d is not in libsvm format: %s" % (path, number, reason))
                rows += 1
    except AnalysisException as error:
        raise ValueError(str(error).splitlines()[0]) from error
    if not rows:
        raise ValueError("%s: no rows in it" % path)
    return spark.read.format("libsvm").load(path)


def complaint(line, classes):
    """What is wrong with a line that is not blank, or None."""
    label, _, rest = line.partition(" ")
    try:
        if float(label) not in range(classes):
            return "the label %s is not one of 0 to %d" % (label, classes - 1)
    except ValueError:
        return "%r is not a label" % label[:40]
    last = 0
    for pair in rest.split():
        index, _, value = pair.partition(":")
        try:
            float(value)
            index = int(index)
        except ValueError:
            return "%r is not index:value" % pair[:40]
        if index <= last:
            return "index %d after %d: they have to grow, from 1" % (index, last)
        last = index
    return None
