"""Slides 25 and 26: the logistic regression of lab 5."""

import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from pyspark.ml.linalg import SparseVector

from labs.lab5 import libsvm_file, logistic_regression


def lines_of_libsvm(path):
    """Label and features by index from 0, of each line of a file, in plain Python."""
    rows = []
    for line in Path(path).read_text().splitlines():
        label, *pairs = line.split()
        rows.append((float(label), {int(i) - 1: float(x) for i, x in (pair.split(":") for pair in pairs)}))
    return rows


def run_as_script(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["logistic_regression.py"] + [str(argument) for argument in arguments])
    runpy.run_path(logistic_regression.__file__, run_name="__main__")


@pytest.fixture(scope="module")
def training(spark):
    return logistic_regression.load(spark)


@pytest.fixture(scope="module")
def rows(training):
    return training.collect()


@pytest.fixture(scope="module")
def lrModel(training):
    return logistic_regression.fit(training)


@pytest.mark.claim("lab5.logistic-data")
def test_there_are_100_rows_of_two_classes_with_692_features(rows):
    labels = [row.label for row in rows]
    assert (labels.count(0), labels.count(1), len(labels)) == (43, 57, 100)
    assert {row.features.size for row in rows} == {692}


@pytest.mark.claim("lab5.logistic-data")
def test_the_features_are_stored_sparse_and_are_those_of_the_file(rows):
    path = libsvm_file.sample(logistic_regression.SAMPLE)[len("file://") :]
    assert all(isinstance(row.features, SparseVector) for row in rows)
    assert [
        (row.label, dict(zip(row.features.indices.tolist(), row.features.values.tolist()))) for row in rows
    ] == lines_of_libsvm(path)
    # Four of five values are zero, and are not in the file.
    assert sum(len(row.features.indices) for row in rows) == pytest.approx(0.2 * 100 * 692, rel=0.05)


@pytest.mark.claim("lab5.logistic-data")
@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("0 1:1 2:2\n# a remark\n\n1 2:1 7;8\n1 2:foo\n", "line 4 is not in libsvm format: '7;8' is not index:value"),
        ("0 1:1 2:2\n1 2:foo\n", "line 2 is not in libsvm format: '2:foo' is not index:value"),
        ("1 0:5\n", "line 1 is not in libsvm format: index 0 after 0: they have to grow, from 1"),
        ("0 1:1\n1 3:1 2:1\n", "line 2 is not in libsvm format: index 2 after 3: they have to grow, from 1"),
        ("0 1:1\n2 1:1\n", "line 2 is not in libsvm format: the label 2 is not one of 0 to 1"),
        ("name,age\n", "line 1 is not in libsvm format: 'name,age' is not a label"),
        ("\n# nothing but a remark\n", "no rows in it"),
    ],
)
def test_what_is_not_libsvm_is_named_with_file_and_line(spark, tmp_path, text, complaint):
    path = tmp_path / "mein Büro.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(str(path)) + ".*" + re.escape(complaint)):
        logistic_regression.load(spark, str(path))


@pytest.mark.claim("lab5.logistic-data")
def test_a_missing_file_ends_the_lab_with_one_line(spark, tmp_path, monkeypatch):
    with pytest.raises(SystemExit) as end:
        run_as_script(monkeypatch, tmp_path / "missing.txt")
    assert re.match("logistic_regression.py: .*Path does not exist: .*/missing.txt[^\n]*$", end.value.code)


@pytest.mark.claim("lab5.logistic-formula")
def test_the_probability_of_class_1_is_the_logistic_function_of_the_features(training, lrModel):
    for row in lrModel.transform(training).collect():
        expected = logistic_regression.formula(lrModel.coefficients, lrModel.intercept, row.features)
        assert row.probability[1] == pytest.approx(expected, rel=1e-12)
        assert row.probability[0] == pytest.approx(1 - expected, rel=1e-12)
        assert row.prediction == (expected > 0.5)


@pytest.mark.claim("lab5.logistic-formula")
def test_the_formula_is_not_a_line_but_stays_between_0_and_1():
    w, x = SparseVector(3, {1: 2.0}), np.array([100.0, 3.0, 100.0])
    assert logistic_regression.formula(w, -6.0, x) == 0.5
    assert logistic_regression.formula(w, -5.0, x) == pytest.approx(np.e / (np.e + 1))
    assert logistic_regression.formula(w, 50.0, x) == pytest.approx(1)
    assert logistic_regression.formula(w, -500.0, x) == pytest.approx(0)


@pytest.mark.claim("lab5.logistic")
def test_the_trained_parameters_are_the_known_ones_and_most_are_zero(lrModel, measured, record_property):
    w = lrModel.coefficients
    nonzero = [[int(i), float(w[int(i)])] for i in np.flatnonzero(w.toArray())]
    record_property(
        "plot",
        {
            "kind": "stems",
            "title": "Coefficients of the logistic model: %d of %d are not zero" % (len(nonzero), w.size),
            "x": "feature",
            "y": "coefficient",
            "values": nonzero,
            "range": [0, w.size],
        },
    )
    assert lrModel.intercept == pytest.approx(measured("intercept"), rel=1e-12)
    assert len(nonzero) == measured("nonzero")
    assert [i for i, _ in nonzero] == [i for i, _ in measured("coefficients")]
    assert [x for _, x in nonzero] == pytest.approx([x for _, x in measured("coefficients")], rel=1e-9)
    assert 1 - len(nonzero) / w.size > 0.95


@pytest.mark.claim("lab5.logistic")
def test_they_come_most_of_the_way_to_the_best_there_are(rows, lrModel, measured):
    """10 rounds do not reach the minimum of error and penalty; which share of the way they come is exact."""
    x = np.array([row.features.toArray() for row in rows])
    labels = np.array([row.label for row in rows])
    # Spark's penalty is on coefficients of features that were scaled to a standard deviation of 1.
    spread = x.std(axis=0, ddof=1)
    x = np.column_stack([x / np.where(spread == 0, 1, spread), np.ones(len(x))])
    l1, l2 = 0.3 * 0.8 * (np.arange(693) < 692), 0.3 * 0.2 * (np.arange(693) < 692)

    def cost(w):
        return np.mean(np.logaddexp(0, x.dot(w)) - labels * x.dot(w)) + l1.dot(np.abs(w)) + l2.dot(w**2) / 2

    # Proximal gradient descent, accelerated, in plain NumPy.
    step = 1 / (np.linalg.norm(x, 2) ** 2 / 4 / len(x) + 0.06)
    nothing = np.append(np.zeros(692), np.log(57 / 43))
    best = ahead = nothing
    for round_ in range(1, 1500):
        error = 1 / (1 + np.exp(-x.dot(ahead))) - labels
        after = ahead - step * (x.T.dot(error) / len(x) + l2 * ahead)
        after = np.sign(after) * np.maximum(np.abs(after) - step * l1, 0)
        best, ahead = after, after + (round_ - 1) / (round_ + 2) * (after - best)
    found = np.append(lrModel.coefficients.toArray() * spread, lrModel.intercept)
    share = (cost(nothing) - cost(found)) / (cost(nothing) - cost(best))
    assert share == pytest.approx(measured("share of the way"), abs=1e-4)


@pytest.mark.claim("lab5.logistic", "local.submit", because="slide 34 says again what slide 26 shows")
@pytest.mark.slow_start
def test_make_prints_the_parameters_in_sparse_form(attendee, measured, record_property):
    printed = attendee.run("make logistic_regression", lab="lab5").stdout
    record_property("printed", printed)
    coefficients = re.search(r"^Coefficients: \(692,\[([\d,]+)\],\[(.+)\]\)$", printed, re.MULTILINE)
    assert [int(i) for i in coefficients.group(1).split(",")] == [i for i, _ in measured("coefficients")]
    assert len(coefficients.group(2).split(",")) == measured("nonzero")
    intercept = re.search(r"^Intercept: (\S+)$", printed, re.MULTILINE)
    assert float(intercept.group(1)) == pytest.approx(measured("intercept"), rel=1e-12)
