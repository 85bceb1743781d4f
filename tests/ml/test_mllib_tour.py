"""Slide 24: what MLlib has, each example of the tour against NumPy, SciPy, scikit-learn or what was planted."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql.functions import col
from scipy import stats
from sklearn import linear_model, naive_bayes

from labs.lab5 import tour

# Two classes, well apart: nearly all of the first feature, or nearly all of the second.
SEPARABLE = [(6, 0), (7, 1), (5, 1), (9, 2), (8, 0), (0, 8), (1, 9), (2, 7), (0, 5), (1, 6)]
LABELS = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]


def random_rows(rows, columns, seed=1234):
    """Rows of numbers around 0, whose columns have something to do with each other and spread differently."""
    draw = np.random.RandomState(seed)
    return draw.randn(rows, columns).dot(draw.randn(columns, columns)) * np.arange(1, columns + 1)


def up_to_sign(vectors):
    """The columns, each with the sign that makes its largest entry positive."""
    largest = np.abs(vectors).argmax(axis=0)
    return vectors * np.sign(vectors[largest, range(vectors.shape[1])])


numbers = st.floats(-1e6, 1e6).map(lambda x: round(x, 6))


@pytest.mark.claim("ml.statistics")
@given(rows=st.lists(st.lists(numbers, min_size=3, max_size=3), min_size=2, max_size=50))
def test_the_summary_of_each_column_is_that_of_numpy(sc, rows):
    columns = np.array(rows)
    summary = tour.summary(sc, rows)
    assert summary["min"] == pytest.approx(columns.min(axis=0))
    assert summary["max"] == pytest.approx(columns.max(axis=0))
    assert summary["numNonzeros"] == pytest.approx((columns != 0).sum(axis=0))
    assert summary["mean"] == pytest.approx(columns.mean(axis=0), rel=1e-9, abs=1e-6)
    assert summary["variance"] == pytest.approx(columns.var(axis=0, ddof=1), rel=1e-6, abs=1e-6)


@pytest.mark.claim("ml.statistics")
def test_correlations_are_those_of_numpy_and_scipy(spark):
    rows = random_rows(30, 4)
    rows[:, 3] = np.exp(rows[:, 0])  # not on a line with the first column, but in the same order
    df = tour.points(spark, rows.tolist())
    pearson = tour.correlations(df, "pearson")
    spearman = tour.correlations(df, "spearman")
    assert pearson == pytest.approx(np.corrcoef(rows.T), abs=1e-9)
    assert spearman == pytest.approx(stats.spearmanr(rows)[0], abs=1e-9)
    assert pearson[0, 3] < 0.9
    assert spearman[0, 3] == pytest.approx(1)


@pytest.mark.claim("ml.statistics")
def test_a_stratified_sample_has_about_the_share_that_was_asked_for_of_each_value(spark):
    df = spark.range(3000, numPartitions=2).select((col("id") % 3).alias("kind"), "id")
    sample = tour.stratified_sample(df, "kind", {0: 0.1, 1: 0.5}, 1234).collect()
    kinds = [row.kind for row in sample]
    # Five standard deviations of 1000 draws: sqrt(1000 p (1 - p)) is 9.5 and 15.8.
    assert abs(kinds.count(0) - 100) < 48
    assert abs(kinds.count(1) - 500) < 79
    assert kinds.count(2) == 0
    assert len({row.id for row in sample}) == len(sample)
    assert sample == tour.stratified_sample(df, "kind", {0: 0.1, 1: 0.5}, 1234).collect()


@pytest.mark.claim("ml.statistics")
def test_the_chi_square_test_finds_the_feature_that_the_label_depends_on(spark):
    labels = [0] * 20 + [1] * 20
    rows = [(2 * label + (i % 5 == 0), i % 2) for i, label in enumerate(labels)]
    p_values = tour.independence(tour.labelled(spark, rows, labels))
    for feature in 0, 1:
        values = sorted({row[feature] for row in rows})
        table = [
            [sum(r[feature] == v and y == label for r, y in zip(rows, labels)) for v in values] for label in (0, 1)
        ]
        assert p_values[feature] == pytest.approx(stats.chi2_contingency(table, correction=False)[1], rel=1e-9)
    assert p_values[0] < 1e-6
    assert p_values[1] == pytest.approx(1)


@pytest.mark.claim("ml.statistics")
def test_the_kolmogorov_smirnov_test_tells_normal_numbers_from_others(sc):
    normal = np.random.RandomState(1234).randn(200)
    uniform = np.random.RandomState(1234).rand(200)
    for numbers, is_normal in (normal, True), (uniform, False):
        statistic, p_value = tour.normality(sc, numbers.tolist())
        assert statistic == pytest.approx(stats.kstest(numbers, "norm")[0], rel=1e-9)
        # Spark and SciPy come to the p-value by different approximations.
        assert p_value == pytest.approx(stats.kstest(numbers, "norm")[1], abs=0.01)
        assert (p_value > 0.05) == is_normal


@pytest.mark.claim("ml.classify-regress")
@pytest.mark.parametrize(
    "fit", [tour.support_vector_machine, tour.logistic_regression, tour.decision_tree, tour.naive_bayes]
)
def test_each_classifier_learns_two_classes_that_are_apart(spark, fit):
    model = fit(tour.labelled(spark, SEPARABLE, LABELS))
    unseen = [(10, 1), (4, 0), (1, 10), (0, 4)]
    predicted = model.transform(tour.points(spark, SEPARABLE + unseen)).collect()
    assert [row.prediction for row in predicted] == LABELS + [0, 0, 1, 1]


@pytest.mark.claim("ml.classify-regress")
def test_linear_regression_gives_the_coefficients_of_scikit_learn(spark):
    rows = random_rows(25, 3)
    labels = rows.dot([2.0, -1.0, 0.5]) + 7 + np.random.RandomState(7).randn(25)
    model = tour.linear_regression(tour.labelled(spark, rows.tolist(), labels))
    expected = linear_model.LinearRegression().fit(rows, labels)
    assert model.coefficients.toArray() == pytest.approx(expected.coef_, rel=1e-9)
    assert model.intercept == pytest.approx(expected.intercept_, rel=1e-9)


@pytest.mark.claim("ml.classify-regress")
def test_logistic_regression_gives_the_coefficients_of_scikit_learn(spark):
    model = tour.logistic_regression(tour.labelled(spark, SEPARABLE, LABELS))
    # scikit-learn weighs the sum of errors against the penalty, Spark their mean: C is 1 / (rows x regParam).
    expected = linear_model.LogisticRegression(C=1 / (10 * 0.1), tol=1e-10).fit(SEPARABLE, LABELS)
    assert model.coefficients.toArray() == pytest.approx(expected.coef_[0], rel=1e-4)
    assert model.intercept == pytest.approx(expected.intercept_[0], abs=1e-4)


@pytest.mark.claim("ml.classify-regress")
def test_naive_bayes_gives_the_probabilities_of_scikit_learn(spark):
    model = tour.naive_bayes(tour.labelled(spark, SEPARABLE, LABELS))
    expected = naive_bayes.MultinomialNB(alpha=1.0).fit(SEPARABLE, LABELS)
    assert model.theta.toArray() == pytest.approx(expected.feature_log_prob_, rel=1e-9)


@pytest.mark.claim("ml.cluster")
def test_k_means_finds_the_clusters_that_were_planted(spark):
    draw = np.random.RandomState(1234)
    middles = np.array([(0, 0), (20, 0), (0, 20)])
    planted = np.concatenate([middle + draw.randn(15, 2) for middle in middles])
    df = tour.points(spark, planted.tolist())
    model = tour.k_means(df, 3)
    found = [row.prediction for row in model.transform(df).collect()]
    clusters = [set(found[:15]), set(found[15:30]), set(found[30:])]
    assert sorted(map(len, clusters)) == [1, 1, 1]
    assert len(set.union(*clusters)) == 3
    centres = np.array(model.clusterCenters())[[found[0], found[15], found[30]]]
    assert centres == pytest.approx(planted.reshape(3, 15, 2).mean(axis=1), rel=1e-9)


@pytest.mark.claim("ml.reduce")
def test_singular_values_and_vectors_are_those_of_numpy_up_to_sign(sc):
    rows = random_rows(20, 4)
    values, vectors = tour.singular_values(sc, rows.tolist(), 3)
    _, expected_values, expected_vectors = np.linalg.svd(rows)
    assert values == pytest.approx(expected_values[:3], rel=1e-6)
    assert up_to_sign(vectors) == pytest.approx(up_to_sign(expected_vectors[:3].T), abs=1e-6)


@pytest.mark.claim("ml.reduce")
def test_principal_components_are_those_of_numpy_up_to_sign(spark):
    rows = random_rows(20, 4)
    components, shares = tour.principal_components(tour.points(spark, rows.tolist()), 2)
    variances, directions = np.linalg.eigh(np.cov(rows.T))
    assert up_to_sign(components) == pytest.approx(up_to_sign(directions[:, [3, 2]]), abs=1e-6)
    assert shares == pytest.approx(variances[[3, 2]] / variances.sum(), rel=1e-6)


@pytest.fixture(scope="module")
def reviews(spark):
    """The tour's reviews, the pipeline fitted to them, and what it makes of each."""
    df = spark.createDataFrame(tour.REVIEWS, ["review", "stars", "city"])
    model = tour.reviews_pipeline().fit(df)
    return df, model, model.transform(df).collect()


@pytest.mark.claim("ml.features")
def test_a_word_weighs_the_more_the_oftener_it_comes_and_the_fewer_reviews_have_it(reviews):
    _, model, rows = reviews
    texts = [review.split() for review, _, _ in tour.REVIEWS]
    vocabulary = model.stages[1].vocabulary
    assert sorted(vocabulary) == ["bad", "coffee", "good", "tea"]
    for text, row in zip(texts, rows):
        expected = [text.count(word) * math.log((3 + 1) / (sum(word in t for t in texts) + 1)) for word in vocabulary]
        assert row.tfidf.toArray() == pytest.approx(expected)


@pytest.mark.claim("ml.features")
def test_numbers_are_scaled_and_names_are_indexed_by_how_often_they_come(reviews):
    _, _, rows = reviews
    assert [row.starsScaled[0] for row in rows] == pytest.approx(np.array([5, 1, 4]) / np.std([5, 1, 4], ddof=1))
    assert [row.cityIndex for row in rows] == [0, 0, 1]
    for row in rows:
        assert row.features.toArray().tolist() == row.tfidf.toArray().tolist() + [row.starsScaled[0], row.cityIndex]


@pytest.mark.claim("ml.features")
def test_a_pipeline_that_was_saved_and_loaded_does_the_same_to_new_rows(spark, reviews, tmp_path):
    _, model, _ = reviews
    loaded = tour.save_and_load(model, str(tmp_path / "pipeline"))
    unseen = spark.createDataFrame([("tea and bad bad coffee", 2.0, "Genf")], ["review", "stars", "city"])
    features = loaded.transform(unseen).head().features
    assert features == model.transform(unseen).head().features
    assert features.numNonzeros() == 5


@pytest.mark.claim("ml.sgd")
@pytest.mark.filterwarnings("ignore:Deprecated in 2.0.0")
def test_stochastic_gradient_descent_comes_to_the_closed_form_where_there_is_no_noise(sc):
    corners = [(1, 1), (1, -1), (-1, 1), (-1, -1)] * 5
    labels = [3 * x - 2 * y for x, y in corners]
    closed_form = np.linalg.lstsq(np.array(corners), np.array(labels), rcond=None)[0]
    found = tour.gradient_descent(sc, corners, labels, 40)
    assert found == pytest.approx(closed_form, abs=1e-4)


@pytest.mark.claim(
    "ml.statistics",
    "ml.classify-regress",
    "ml.cluster",
    "ml.reduce",
    "ml.features",
    "ml.sgd",
    because="one run of the tour shows an example of each",
)
@pytest.mark.filterwarnings("ignore:Deprecated in 2.0.0")
def test_the_tour_shows_an_example_of_each(spark, printout):
    tour.main()
    printed = printout()
    assert re.findall(r"^\S.*$", re.sub(r"(?m)^[+|].*$", "", printed), re.MULTILINE) == [
        "Statistics",
        "Classification and regression",
        "Clusters",
        "Fewer dimensions",
        "Features",
        "Stochastic gradient descent",
    ]
    assert printed.count("labels 0 0 0 1 1 1, predicted [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]") == 4
    assert "linear_regression of 1, 3, 5 at 0, 1, 2: 2.000 x + 1.000" in printed
    assert "of (0, 0), (0, 1), (9, 9), (9, 8): [[0.0, 0.5], [9.0, 8.5]]" in printed
