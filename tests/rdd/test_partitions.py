"""Slide 10: what an RDD is, and what it is made from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.lab1 import persistence, transformations


@pytest.mark.claim("rdd.partitioned")
@given(numbers=st.lists(st.integers(), max_size=100), partitions=st.integers(1, 4))
def test_the_partitions_hold_each_record_once_and_in_order(sc, numbers, partitions):
    parts = transformations.partitions_of(transformations.squares(sc, numbers, partitions))
    assert len(parts) == partitions
    assert [square for part in parts for square in part] == [x * x for x in numbers]


@pytest.mark.claim("rdd.partitioned")
def test_the_partitions_are_of_about_the_same_size(sc):
    parts = transformations.partitions_of(transformations.squares(sc, range(10), 4))
    assert parts == [[0, 1], [4, 9, 16], [25, 36], [49, 64, 81]]


@pytest.mark.claim("rdd.partitioned")
def test_the_function_runs_once_for_each_record(sc):
    squares, computed = persistence.counted_squares(sc, range(100))
    assert squares.getNumPartitions() == 2
    squares.collect()
    assert computed.value == 100


@pytest.mark.claim("rdd.from-rdd")
def test_the_lineage_names_the_parent_last(sc):
    words = sc.parallelize(["to", "be"], 2).setName("words of Hamlet")
    lines = transformations.lineage(transformations.pipe(words, "cat"))
    assert lines[0].startswith("(2) ")
    assert "words of Hamlet ParallelCollectionRDD[%d]" % words.id() in lines[-1]


@pytest.mark.claim("rdd.from-rdd")
def test_the_lineage_of_a_union_names_both_parents(sc):
    one = sc.parallelize(["to"], 1).setName("one parent")
    other = sc.parallelize(["be"], 1).setName("the other parent")
    lineage = "\n".join(transformations.lineage(transformations.union(one, other)))
    assert "one parent" in lineage
    assert "the other parent" in lineage


@pytest.mark.claim("rdd.from-rdd")
def test_the_parent_is_unchanged_by_what_is_made_from_it(sc):
    words = sc.parallelize(["to", "be", "or", "not"], 2)
    made = transformations.lengths(transformations.words_with(words, "o"))
    assert made.collect() == [2, 2, 3]
    assert words.collect() == ["to", "be", "or", "not"]
    assert made.id() != words.id()
