"""Slide 10: transformations are evaluated only when an action requires it."""

import pytest
from py4j.protocol import Py4JJavaError

from labs.lab1 import files, persistence, transformations


@pytest.mark.claim("rdd.lazy")
def test_nothing_is_computed_before_the_action_and_everything_after_it(sc):
    squares, computed = persistence.counted_squares(sc, range(10))
    large = squares.filter(lambda x: x > 50).map(str)
    assert computed.value == 0
    assert large.collect() == ["64", "81"]
    assert computed.value == 10


@pytest.mark.claim("rdd.lazy")
def test_an_action_that_needs_one_partition_computes_no_more(sc):
    squares, computed = persistence.counted_squares(sc, range(10))
    assert squares.take(2) == [0, 1]
    assert computed.value <= 5


@pytest.mark.claim("rdd.lazy")
def test_a_missing_file_is_noticed_by_the_action_only(sc, tmp_path):
    lines = files.lines_of(sc, str(tmp_path / "no such file.txt"))
    with_an_a = transformations.lengths(transformations.words_with(lines, "a"))
    with pytest.raises(Py4JJavaError, match=r"Input path does not exist: file:.*/no such file\.txt"):
        with_an_a.count()


@pytest.mark.claim("rdd.lazy")
def test_sort_by_key_reads_the_keys_before_any_action(sc):
    squares, computed = persistence.counted_squares(sc, range(10))
    assert computed.value == 0
    transformations.sortByKey(squares.map(lambda x: (x, None)), numTasks=2)
    assert computed.value > 0


@pytest.mark.claim("rdd.lazy")
def test_the_other_transformations_of_the_slide_wait(sc):
    squares, computed = persistence.counted_squares(sc, range(10))
    pairs = squares.map(lambda x: (x, None))
    for made in (
        transformations.sample(squares, False, 0.5, 1),
        transformations.union(squares, squares),
        transformations.intersection(squares, squares),
        transformations.distinct(squares),
        transformations.groupByKey(pairs),
        transformations.pipe(squares, "cat"),
    ):
        assert computed.value == 0, made
