"""Two libraries for machine learning: the same model, and what became of each."""

import numpy as np
import pyspark.ml
import pyspark.mllib
import pytest
from sklearn.naive_bayes import MultinomialNB

from labs.tour import two_mllibs

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


@pytest.fixture(scope="module")
def models(spark):
    """The model by the library on RDDs and by the one on DataFrames: each is pi and theta."""
    return (
        two_mllibs.fit_old(spark.sparkContext, two_mllibs.LETTERS),
        two_mllibs.fit_new(spark, two_mllibs.LETTERS),
    )


@pytest.mark.claim("ml.two")
def test_both_libraries_fit_the_same_model(models):
    (old_pi, old_theta), (new_pi, new_theta) = models
    np.testing.assert_allclose(old_pi, new_pi, rtol=1e-12)
    np.testing.assert_allclose(old_theta, new_theta, rtol=1e-12)


@pytest.mark.claim("ml.two")
def test_it_is_the_model_that_a_third_library_fits(models):
    kinds, counts = zip(*two_mllibs.LETTERS)
    expected = MultinomialNB(alpha=1.0).fit(np.array(counts), np.array(kinds))
    pi, theta = models[1]
    np.testing.assert_allclose(theta, expected.feature_log_prob_, rtol=1e-12)
    # Spark smooths the shares of the kinds too: (2 + 1) and (3 + 1) of 5 + 2 rows.
    np.testing.assert_allclose(np.exp(pi), [3 / 7, 4 / 7], rtol=1e-12)


@pytest.mark.claim("ml.two")
def test_the_example_prints_both_models_and_what_only_one_library_has(spark, capsys):
    two_mllibs.main()
    printed = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines()[:4])
    assert printed["RDDs"][:8] == printed["DataFrames"][:8] == "[-0.8472"
    assert "MultilayerPerceptronClassifier" in printed["Only on DataFrames"].split(", ")
    assert "RankingMetrics" in printed["Only on RDDs"].split(", ")


@pytest.mark.claim("ml.two")
def test_the_library_on_rdds_got_no_new_class_since_spark_2_0():
    assert two_mllibs.newest_addition(two_mllibs.classes_of(pyspark.mllib)) == (2, 0)


@pytest.mark.claim("ml.two")
def test_the_library_on_dataframes_went_on():
    assert two_mllibs.newest_addition(two_mllibs.classes_of(pyspark.ml)) >= (2, 3)


@pytest.mark.claim("ml.two")
def test_each_library_has_what_the_other_has_not():
    old, new = set(two_mllibs.classes_of(pyspark.mllib)), set(two_mllibs.classes_of(pyspark.ml))
    only_new = {"Pipeline", "CrossValidator", "MultilayerPerceptronClassifier", "OneVsRest", "Imputer"}
    assert only_new <= new - old
    assert {"StreamingKMeans", "SVMWithSGD", "RankingMetrics"} <= old - new
    assert {"KMeans", "NaiveBayes", "Word2Vec", "ALS"} <= old & new
