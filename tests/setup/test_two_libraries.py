"""Two libraries for machine learning: the same model, and what became of each."""

import io
from ast import literal_eval
from contextlib import redirect_stdout

import numpy as np
import pyspark.ml
import pyspark.mllib
import pytest
from sklearn.naive_bayes import MultinomialNB

from labs.tour import two_mllibs

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


@pytest.fixture(scope="module")
def printed(spark):
    """What the example prints, by the words before the colon."""
    with redirect_stdout(io.StringIO()) as out:
        two_mllibs.main()
    return dict(line.split(": ", 1) for line in out.getvalue().splitlines())


@pytest.fixture(scope="module")
def models(printed):
    """The model by the library on RDDs and by the one on DataFrames: each is pi and theta."""
    return literal_eval(printed["Naive Bayes on RDDs"]), literal_eval(printed["Naive Bayes on DataFrames"])


@pytest.mark.claim("ml.two")
def test_both_libraries_fit_the_same_model(models, printed, record_property):
    record_property("printed", "\n".join("%s: %s" % line for line in printed.items()))
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
def test_the_library_on_rdds_got_no_new_class_since_spark_2_0():
    assert two_mllibs.newest_addition(two_mllibs.classes_of(pyspark.mllib)) == (2, 0)


@pytest.mark.claim("ml.two")
def test_the_library_on_dataframes_went_on():
    assert two_mllibs.newest_addition(two_mllibs.classes_of(pyspark.ml)) >= (2, 3)


@pytest.mark.claim("ml.two")
def test_each_library_has_what_the_other_has_not(printed):
    only_new, only_old = printed["Only on DataFrames"].split(", "), printed["Only on RDDs"].split(", ")
    assert {"Pipeline", "CrossValidator", "MultilayerPerceptronClassifier", "OneVsRest", "Imputer"} <= set(only_new)
    assert {"StreamingKMeans", "SVMWithSGD", "RankingMetrics"} <= set(only_old)
    assert not {"KMeans", "NaiveBayes", "Word2Vec", "ALS"} & set(only_new + only_old)
