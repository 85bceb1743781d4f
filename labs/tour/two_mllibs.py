"""Slides 9 and 24: the same model by each of the two machine learning libraries, and what only one of them has."""

import importlib
import inspect
import pkgutil
import re

import pyspark.ml
import pyspark.mllib
from pyspark.ml.classification import NaiveBayes
from pyspark.ml.linalg import Vectors
from pyspark.mllib.classification import NaiveBayes as OldNaiveBayes
from pyspark.mllib.linalg import Vectors as OldVectors
from pyspark.mllib.regression import LabeledPoint
from pyspark.sql import SparkSession

MODULES = "classification clustering evaluation feature fpm pipeline recommendation regression stat tree tuning"
# Not what one asks for by name, but what comes of it or stands behind it.
BY_THE_WAY = r"_|Java|.*(Model|Summary|Reader|Writer|ReadWrite)$"

# How often three words come in letters of two kinds: (kind, counts).
LETTERS = [(0.0, [3, 0, 1]), (0.0, [2, 1, 0]), (1.0, [0, 4, 1]), (1.0, [1, 3, 3]), (1.0, [0, 2, 0])]


def fit_old(sc, rows):
    """Naive Bayes by the library on RDDs: the logarithms of the probabilities of the kinds, and of words by kind."""
    model = OldNaiveBayes.train(sc.parallelize([LabeledPoint(kind, OldVectors.dense(row)) for kind, row in rows]), 1.0)
    return list(map(float, model.pi)), [list(map(float, theta)) for theta in model.theta]


def fit_new(spark, rows):
    """The same by the library on DataFrames."""
    df = spark.createDataFrame([(kind, Vectors.dense(row)) for kind, row in rows], ["label", "features"])
    model = NaiveBayes(smoothing=1.0).fit(df)
    return model.pi.toArray().tolist(), model.theta.toArray().tolist()


def classes_of(package):
    """``{name: class}`` of what a library learns and measures with; not of the models and summaries that come of it."""
    found = {}
    for submodule in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        if submodule.name.rsplit(".", 1)[1] in MODULES.split():
            module = importlib.import_module(submodule.name)
            for name, thing in vars(module).items():
                if (
                    inspect.isclass(thing)
                    and thing.__module__.startswith(module.__name__)
                    and not re.match(BY_THE_WAY, name)
                ):
                    found[name] = thing
    return found


def newest_addition(classes):
    """The newest release, as numbers, that the documentation of one of these classes names as its first."""
    noted = [re.search(r"versionadded:: (\d+)\.(\d+)", thing.__doc__ or "") for thing in classes.values()]
    return max((int(found.group(1)), int(found.group(2))) for found in noted if found)


def main():
    """Print both models, and what one library has that the other has not."""
    spark = SparkSession.builder.getOrCreate()
    print("Naive Bayes on RDDs: %s" % (fit_old(spark.sparkContext, LETTERS),))
    print("Naive Bayes on DataFrames: %s" % (fit_new(spark, LETTERS),))
    old, new = classes_of(pyspark.mllib), classes_of(pyspark.ml)
    print("Only on DataFrames: %s" % ", ".join(sorted(set(new) - set(old))))
    print("Only on RDDs: %s" % ", ".join(sorted(set(old) - set(new))))
    print("Newest class on RDDs: of Spark %d.%d" % newest_addition(old))
    print("Newest class on DataFrames: of Spark %d.%d" % newest_addition(new))


if __name__ == "__main__":
    main()
