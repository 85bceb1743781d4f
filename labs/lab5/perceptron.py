"""Lab 5, slides 27 and 28: a perceptron with two hidden layers tells three classes apart by four features.

make perceptron        spark-submit perceptron.py [FILE]        python perceptron.py [FILE]

FILE is in libsvm format, its labels are 0, 1 and 2, and it has four features.
"""

import sys

from pyspark.ml.classification import MultilayerPerceptronClassifier as mlp
from pyspark.ml.evaluation import MulticlassClassificationEvaluator as mce
from pyspark.sql import SparkSession

try:
    from labs.lab5 import libsvm_file
except ImportError:  # started as a script: Python looks in the script's own folder
    import libsvm_file

SAMPLE = "sample_multiclass_classification_data.txt"

# Four features come in, one neuron for each class goes out.
layers = [4, 5, 4, 3]


def load(spark, path=None):
    """All rows: columns label, 0 to 2, and features, four of them. Raises ValueError if the file is not so."""
    path = path or libsvm_file.sample(SAMPLE)
    data = libsvm_file.load(spark, path, classes=layers[-1])
    features = data.schema["features"].metadata["numFeatures"]
    if features != layers[0]:
        raise ValueError("%s: has %d features, the perceptron takes %d" % (path, features, layers[0]))
    return data


def split(data, seed=1234):
    """The rows to train with, about 60 %, and those to test with. The same seed gives the same rows."""
    splits = data.randomSplit([0.6, 0.4], seed)
    train = splits[0]
    test = splits[1]
    return train, test


def fit(train, maxIter=100, blockSize=128):
    """The model after at most maxIter rounds. blockSize rows are stacked into one matrix; each round sees all rows."""
    trainer = mlp(maxIter=maxIter, layers=layers, blockSize=blockSize, seed=1234)
    return trainer.fit(train)


def accuracy(model, test):
    """The share of the rows of which the model predicts the label, 0 to 1."""
    result = model.transform(test)
    predictionAndLabels = result.select("prediction", "label")
    evaluator = mce(metricName="accuracy")
    return evaluator.evaluate(predictionAndLabels)


def main(path=None):
    """Print the accuracy on the rows of a file that were held out; by default of MLlib's sample."""
    spark = SparkSession.builder.getOrCreate()
    train, test = split(load(spark, path))
    print(accuracy(fit(train), test))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:2])
    except ValueError as error:
        sys.exit("perceptron.py: %s" % error)
