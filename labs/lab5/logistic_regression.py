"""Lab 5, slides 25 and 26: logistic regression with 692 features, most of which turn out not to matter.

make logistic_regression        spark-submit logistic_regression.py [FILE]        python logistic_regression.py [FILE]

FILE is in libsvm format, its labels are 0 and 1.
"""

import math
import sys

from pyspark.ml.classification import LogisticRegression
from pyspark.sql import SparkSession

try:
    from labs.lab5 import libsvm_file
except ImportError:  # started as a script: Python looks in the script's own folder
    import libsvm_file

SAMPLE = "sample_libsvm_data.txt"


def load(spark, path=None):
    """The training set: columns label, 0 or 1, and features. Raises ValueError if the file is not so."""
    return libsvm_file.load(spark, path or libsvm_file.sample(SAMPLE), classes=2)


def fit(training):
    """The model. Most of the penalty (elasticNetParam) is on the coefficients' sum, which makes many of them 0."""
    lr = LogisticRegression(maxIter=10, regParam=0.3, elasticNetParam=0.8)
    return lr.fit(training)


def formula(w, b, x):
    """Slide 25: the probability of class 1 for the features x, by the coefficients w and the intercept b."""
    return 1 / (1 + math.exp(-(w.dot(x) + b)))


def main(path=None):
    """Print what was learned from a file, by default MLlib's sample."""
    spark = SparkSession.builder.getOrCreate()
    # Load training data
    training = load(spark, path)
    # Fit the model
    lrModel = fit(training)
    # Print the coefficients and intercept for logistic regression
    print("Coefficients: " + str(lrModel.coefficients))
    print("Intercept: " + str(lrModel.intercept))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:2])
    except ValueError as error:
        sys.exit("logistic_regression.py: %s" % error)
