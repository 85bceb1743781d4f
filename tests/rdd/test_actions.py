"""Slide 12, one line of it after the other."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.lab1 import actions

partitions = st.integers(1, 4)
numbers = st.lists(st.integers(), max_size=50)
records = st.lists(st.none() | st.integers() | st.text(), max_size=50)
pairs = st.lists(st.tuples(st.none() | st.integers(-3, 3) | st.text(max_size=1), st.text()), max_size=50)


@pytest.mark.claim("rdd.reduce")
@given(all_numbers=st.lists(st.integers(), min_size=1, max_size=50), n=partitions)
def test_reduce_is_right_however_the_records_are_partitioned(sc, all_numbers, n):
    assert actions.largest(sc.parallelize(all_numbers, n)) == max(all_numbers)


@pytest.mark.claim("rdd.reduce")
def test_reduce_of_nothing_is_an_error(sc):
    with pytest.raises(ValueError, match="empty RDD"):
        actions.largest(sc.parallelize([], 2))


@pytest.mark.claim("rdd.reduce")
def test_reduce_with_a_function_that_is_not_associative_depends_on_the_partitions(sc):
    in_one = actions.difference(sc.parallelize([10, 1, 2, 3], 1))
    in_two = actions.difference(sc.parallelize([10, 1, 2, 3], 2))
    assert in_one == 10 - 1 - 2 - 3 == 4
    assert in_two == (10 - 1) - (2 - 3) == 10


@pytest.mark.claim("rdd.collect")
@given(all_records=records, n=partitions)
def test_collect_returns_all_records_in_order(sc, all_records, n):
    assert actions.collect(sc.parallelize(all_records, n)) == all_records


@pytest.mark.claim("rdd.count")
@given(all_records=records, n=partitions)
def test_count_returns_the_number_of_records(sc, all_records, n):
    assert actions.count(sc.parallelize(all_records, n)) == len(all_records)


@pytest.mark.claim("rdd.take")
@given(all_records=records, n=partitions, wanted=st.integers(0, 60))
def test_take_returns_the_first_records(sc, all_records, n, wanted):
    assert actions.take(sc.parallelize(all_records, n), wanted) == all_records[:wanted]


@pytest.mark.claim("rdd.count-by-key")
@given(all_pairs=pairs, n=partitions)
def test_count_by_key_counts_the_pairs_of_each_key(sc, all_pairs, n):
    assert actions.countByKey(sc.parallelize(all_pairs, n)) == Counter(key for key, _ in all_pairs)


@pytest.mark.claim("rdd.count-by-key")
def test_count_by_key_refuses_what_is_not_a_pair(sc):
    with pytest.raises(Exception, match="TypeError"):
        actions.countByKey(sc.parallelize([1, 2], 1))


@pytest.mark.claim("rdd.foreach")
@given(all_numbers=numbers, n=partitions)
def test_foreach_reaches_accumulators_but_no_variable_of_the_driver(sc, all_numbers, n):
    returned, accumulated, variable = actions.foreach(sc, sc.parallelize(all_numbers, n))
    assert returned is None
    assert accumulated == sum(all_numbers)
    assert variable == 0


@pytest.mark.claim("rdd.actions-return")
def test_an_action_returns_a_value_of_python_to_the_driver(sc):
    some_pairs = sc.parallelize([(1, "to"), (2, "be"), (1, "or")], 2)
    assert type(actions.largest(some_pairs.keys())) is int
    assert type(actions.collect(some_pairs)) is list
    assert type(actions.collect(some_pairs)[0]) is tuple
    assert type(actions.count(some_pairs)) is int
    assert type(actions.take(some_pairs, 1)) is list
    assert isinstance(actions.countByKey(some_pairs), dict)


@pytest.mark.claim("rdd.actions-return")
def test_the_example_prints_what_each_action_returned(sc, printout):
    actions.main()
    assert printout().splitlines() == [
        "reduce(larger)                   9",
        "reduce(minus), 1 partitions      -25",
        "reduce(minus), 2 partitions      9",
        "reduce(minus), 3 partitions      11",
        "collect()                        [3, 1, 4, 1, 5, 9, 2, 6]",
        "count()                          8",
        "take(3)                          [3, 1, 4]",
        "countByKey()                     {'odd': 5, 'even': 3}",
        "foreach(add)                     None",
        "  in the accumulator             31",
        "  in the driver's variable       0",
    ]
