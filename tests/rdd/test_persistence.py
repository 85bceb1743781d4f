"""Slide 10: an RDD may be cached in memory or on disk for fast reuse."""

import os
from pathlib import Path

import pytest

from labproof.waiting import wait_until
from labs.lab1 import persistence


@pytest.mark.claim("rdd.cache")
@pytest.mark.parametrize(("where", "computed"), [(None, [0, 10, 20]), ("memory", [0, 10, 10]), ("disk", [0, 10, 10])])
def test_what_is_kept_is_computed_once_for_two_actions(sc, where, computed):
    assert persistence.use_twice(sc, range(10), where) == computed


@pytest.fixture
def squares(sc):
    squares, _ = persistence.counted_squares(sc, range(1000))
    return squares


@pytest.mark.claim("rdd.cache")
def test_cache_keeps_the_records_in_memory(sc, squares):
    persistence.keep(squares, "memory")
    assert persistence.kept(sc, squares) == (0, 0), "kept before an action computed anything"
    squares.count()
    in_memory, on_disk = persistence.kept(sc, squares)
    assert in_memory > 1000
    assert on_disk == 0


@pytest.mark.claim("rdd.cache")
def test_disk_only_keeps_the_records_in_files_until_they_are_unpersisted(sc, squares):
    persistence.keep(squares, "disk").count()
    in_memory, on_disk = persistence.kept(sc, squares)
    assert in_memory == 0
    assert on_disk > 1000
    copies = list(Path(os.environ["SPARK_LOCAL_DIRS"]).rglob("rdd_%d_*" % squares.id()))
    # On a cluster the executors have them in folders of their own.
    if sc.master.startswith("local"):
        assert len(copies) == squares.getNumPartitions()
        assert on_disk == sum(copy.stat().st_size for copy in copies)
    squares.unpersist()
    wait_until(lambda: not any(copy.exists() for copy in copies), "the files of an unpersisted RDD to go")
    assert persistence.kept(sc, squares) == (0, 0)


@pytest.mark.claim("rdd.cache")
def test_unpersist_drops_the_copy_and_the_next_action_computes_again(sc):
    squares, computed = persistence.counted_squares(sc, range(10))
    persistence.keep(squares, "memory").count()
    squares.unpersist()
    assert persistence.kept(sc, squares) == (0, 0)
    assert squares.count() == 10
    assert computed.value == 20


@pytest.mark.claim("rdd.cache")
def test_the_example_prints_how_often_the_squares_were_computed(sc, printout):
    persistence.main()
    printed = printout().splitlines()
    assert printed[1:4] == [
        "  kept in nothing  [0, 1000, 2000]",
        "  kept in memory   [0, 1000, 1000]",
        "  kept in disk     [0, 1000, 1000]",
    ]
