"""Lab 5, slide 24: an example of each thing that MLlib has, with the DataFrame API where that has it.

    make tour        spark-submit tour.py        python tour.py

Rows are small and made up, so that one can see whether the answer is right. Each function is one example; main shows
them all.
"""

import os
import random
import shutil
import tempfile

from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import DecisionTreeClassifier, LinearSVC, LogisticRegression, NaiveBayes
from pyspark.ml.clustering import KMeans
from pyspark.ml.feature import (
    IDF,
    PCA,
    CountVectorizer,
    StandardScaler,
    StringIndexer,
    Tokenizer,
    VectorAssembler,
)
from pyspark.ml.linalg import Vectors
from pyspark.ml.regression import LinearRegression
from pyspark.ml.stat import ChiSquareTest, Correlation
from pyspark.mllib.linalg import Vectors as OldVectors
from pyspark.mllib.linalg.distributed import RowMatrix
from pyspark.mllib.regression import LabeledPoint, LinearRegressionWithSGD
from pyspark.mllib.stat import Statistics
from pyspark.sql import SparkSession


def points(spark, rows):
    """A DataFrame with one column, features, of these rows of numbers."""
    return spark.createDataFrame([(Vectors.dense(row),) for row in rows], ["features"])


def labelled(spark, rows, labels):
    """A DataFrame of features and the label of each row."""
    return spark.createDataFrame([(Vectors.dense(x), float(y)) for x, y in zip(rows, labels)], ["features", "label"])


# Statistics


def summary(sc, rows):
    """Mean, variance, smallest, largest and number of values that are not zero, of each column. RDD API."""
    stats = Statistics.colStats(sc.parallelize(rows))
    return {
        "mean": stats.mean(),
        "variance": stats.variance(),
        "min": stats.min(),
        "max": stats.max(),
        "numNonzeros": stats.numNonzeros(),
    }


def correlations(df, method):
    """The correlation of each column of the features with each other: method is pearson or spearman."""
    return Correlation.corr(df, "features", method).head()[0].toArray()


def stratified_sample(df, column, fractions, seed):
    """For each value of the column, about the fraction of its rows that is said for it; none if none is said."""
    return df.sampleBy(column, fractions, seed)


def independence(df):
    """Chi-square test of each feature against the label: p-values. A small one: they depend on each other."""
    return ChiSquareTest.test(df, "features", "label").head().pValues.toArray()


def normality(sc, numbers):
    """Kolmogorov-Smirnov test against the standard normal distribution: statistic and p-value. RDD API."""
    test = Statistics.kolmogorovSmirnovTest(sc.parallelize(numbers), "norm", 0.0, 1.0)
    return test.statistic, test.pValue


# Classification and regression


def support_vector_machine(training):
    """A line between two classes, with as much room on both sides as there is."""
    return LinearSVC(maxIter=5, regParam=0.1).fit(training)


def logistic_regression(training):
    """The probability of class 1, with a penalty of half the square of the coefficients."""
    return LogisticRegression(regParam=0.1, standardization=False, tol=1e-10).fit(training)


def linear_regression(training):
    """Least squares, by the normal equation."""
    return LinearRegression(solver="normal").fit(training)


def decision_tree(training):
    """A few questions, one after the other, of the kind: is this feature above that?"""
    return DecisionTreeClassifier(maxDepth=3).fit(training)


def naive_bayes(training):
    """How often each feature comes with each label, as if the features had nothing to do with each other."""
    return NaiveBayes(smoothing=1.0).fit(training)


# Clusters


def k_means(df, k):
    """k centres, so that the points are as close as may be to the nearest of them."""
    return KMeans(k=k, seed=1234).fit(df)


# Fewer dimensions


def singular_values(sc, rows, k):
    """The k largest singular values, and the right singular vectors as columns. RDD API."""
    svd = RowMatrix(sc.parallelize([OldVectors.dense(row) for row in rows])).computeSVD(k)
    return svd.s.toArray(), svd.V.toArray()


def principal_components(df, k):
    """The k directions of most variance as columns, and each one's share of the variance."""
    model = PCA(k=k, inputCol="features", outputCol="projected").fit(df)
    return model.pc.toArray(), model.explainedVariance.toArray()


# Features


def reviews_pipeline():
    """Stages from columns review (text), stars (number) and city (text) to one vector column, features.

    Words are weighted by tf-idf: how often a word comes in the review, times how few reviews have it. Stars are scaled
    to a standard deviation of 1. Cities become numbers, the most frequent one 0. The three are put beside each other.
    """
    return Pipeline(
        stages=[
            Tokenizer(inputCol="review", outputCol="words"),
            CountVectorizer(inputCol="words", outputCol="tf"),
            IDF(inputCol="tf", outputCol="tfidf"),
            VectorAssembler(inputCols=["stars"], outputCol="starsVector"),
            StandardScaler(inputCol="starsVector", outputCol="starsScaled"),
            StringIndexer(inputCol="city", outputCol="cityIndex"),
            VectorAssembler(inputCols=["tfidf", "starsScaled", "cityIndex"], outputCol="features"),
        ]
    )


def save_and_load(model, folder):
    """A fitted pipeline written into a folder that is not there yet, and read back from it."""
    model.save(folder)
    return PipelineModel.load(folder)


# Optimization


def gradient_descent(sc, rows, labels, iterations):
    """Coefficients of a linear regression by stochastic gradient descent: each step sees half of the rows. RDD API."""
    training = sc.parallelize([LabeledPoint(y, x) for x, y in zip(rows, labels)], 1)
    model = LinearRegressionWithSGD.train(training, iterations, step=1.0, miniBatchFraction=0.5, convergenceTol=0.0)
    return model.weights.toArray()


REVIEWS = [
    ("good good coffee", 5.0, "Bern"),
    ("bad coffee", 1.0, "Bern"),
    ("good tea", 4.0, "Genf"),
]


def main():
    """Show all examples."""
    spark = SparkSession.builder.getOrCreate()
    sc = spark.sparkContext
    draw = random.Random(1234)
    rows = [[x, 2 * x + draw.gauss(0, 1)] for x in range(20)]

    print("Statistics")
    for name, value in sorted(summary(sc, rows).items()):
        print("  %s of each column: %s" % (name, value))
    print("  correlation: %.3f" % correlations(points(spark, rows), "pearson")[0, 1])
    sample = stratified_sample(spark.range(1000).selectExpr("id % 2 AS odd"), "odd", {0: 0.1, 1: 0.5}, 1234)
    print("  a sample of a tenth of 500 even and half of 500 odd numbers: %s" % sample.groupBy("odd").count().collect())
    dice = labelled(spark, [(i % 2, i % 3) for i in range(60)], [i % 2 for i in range(60)])
    print("  does the label depend on the features? p-values %s" % independence(dice))
    print("  are they drawn from a normal distribution? %s" % (normality(sc, [draw.gauss(0, 1) for _ in range(99)]),))

    print("Classification and regression")
    two = labelled(spark, [(6, 0), (7, 1), (5, 1), (0, 8), (1, 9), (2, 7)], [0, 0, 0, 1, 1, 1])
    for fit in (support_vector_machine, logistic_regression, decision_tree, naive_bayes):
        predicted = [row.prediction for row in fit(two).transform(two).collect()]
        print("  %s: labels 0 0 0 1 1 1, predicted %s" % (fit.__name__, predicted))
    line = linear_regression(labelled(spark, [(0,), (1,), (2,)], [1, 3, 5]))
    print("  linear_regression of 1, 3, 5 at 0, 1, 2: %.3f x + %.3f" % (line.coefficients[0], line.intercept))

    print("Clusters")
    centres = k_means(points(spark, [(0, 0), (0, 1), (9, 9), (9, 8)]), 2).clusterCenters()
    print("  of (0, 0), (0, 1), (9, 9), (9, 8): %s" % sorted(centre.tolist() for centre in centres))

    print("Fewer dimensions")
    print("  singular values: %s" % singular_values(sc, rows, 2)[0])
    print("  shares of the variance: %s" % principal_components(points(spark, rows), 2)[1])

    print("Features")
    reviews = spark.createDataFrame(REVIEWS, ["review", "stars", "city"])
    folder = tempfile.mkdtemp()
    try:
        loaded = save_and_load(reviews_pipeline().fit(reviews), os.path.join(folder, "pipeline"))
        loaded.transform(reviews).select("review", "stars", "city", "features").show(truncate=False)
    finally:
        shutil.rmtree(folder)

    print("Stochastic gradient descent")
    corners = [(1, 1), (1, -1), (-1, 1), (-1, -1)] * 5
    found = gradient_descent(sc, corners, [3 * x - 2 * y for x, y in corners], 25)
    print("  of 3 x - 2 y: %.6f x + %.6f y" % tuple(found))


if __name__ == "__main__":
    main()
