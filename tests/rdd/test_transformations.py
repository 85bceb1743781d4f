"""Slide 11, one line of it after the other."""

import math
from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labs.lab1 import transformations

partitions = st.integers(1, 4)
# A shuffle has many small tasks.
shuffles = settings(max_examples=6)
text = st.text() | st.text(" \tab,ä")
texts = st.lists(text, max_size=50)
# Few different ones, so that some come twice; None and text beside numbers, as an RDD has no type of its own.
records = st.lists(st.none() | st.integers(-3, 3) | st.sampled_from(["", "a", "ä", "à la", "Ж", "你好"]), max_size=50)
pairs = st.lists(st.tuples(st.none() | st.integers(-1, 1) | st.text(max_size=1), st.integers(-2, 2)), max_size=50)
sortable_pairs = st.lists(st.tuples(st.text(max_size=2), st.integers()), max_size=50)


@pytest.mark.claim("rdd.map")
@given(words=texts, n=partitions)
def test_map_applies_the_function_to_each_element(sc, words, n):
    assert transformations.lengths(sc.parallelize(words, n)).collect() == [len(word) for word in words]


@pytest.mark.claim("rdd.filter")
@given(words=texts, letter=st.text(min_size=1, max_size=1), n=partitions)
def test_filter_keeps_the_records_for_which_the_function_is_true(sc, words, letter, n):
    words = [*words, "und " + letter, letter * 2]
    kept = transformations.words_with(sc.parallelize(words, n), letter).collect()
    assert kept == [word for word in words if letter in word]


@pytest.mark.claim("rdd.filter")
def test_filter_looks_for_the_very_letter(sc):
    words = sc.parallelize(["Baum", "ähnlich", "Apfel", "a", ""], 2)
    assert transformations.words_with(words, "a").collect() == ["Baum", "a"]


@pytest.mark.claim("rdd.sample")
@given(seed=st.integers(0, 2**31 - 1), with_replacement=st.booleans())
def test_the_same_seed_draws_the_same_sample(sc, seed, with_replacement):
    numbers = sc.parallelize(range(1000), 1)
    sample = transformations.sample(numbers, with_replacement, 0.5, seed)
    again = transformations.sample(numbers, with_replacement, 0.5, seed)
    one, other = transformations.partitions_of(transformations.union(sample, again))
    assert one == other
    assert 300 < len(one) < 700


@pytest.mark.claim("rdd.sample")
def test_another_seed_draws_another_sample(sc):
    numbers = sc.parallelize(range(1000), 2)
    samples = {tuple(transformations.sample(numbers, False, 0.5, seed).collect()) for seed in range(4)}
    assert len(samples) == 4


@pytest.mark.claim("rdd.sample")
@given(seed=st.integers(0, 2**31 - 1), fraction=st.sampled_from([0.01, 0.3, 0.9]))
def test_without_replacement_no_record_is_drawn_twice(sc, seed, fraction):
    sample = transformations.sample(sc.parallelize(range(10000), 2), False, fraction, seed).collect()
    assert sample == sorted(set(sample))
    # The size is binomial: six standard deviations, which fewer than one seed in a hundred million leaves.
    assert abs(len(sample) - 10000 * fraction) <= 6 * math.sqrt(10000 * fraction * (1 - fraction))


@pytest.mark.claim("rdd.sample")
@given(seed=st.integers(0, 2**31 - 1), fraction=st.sampled_from([0.3, 0.9, 2.0]))
def test_with_replacement_some_records_are_drawn_twice(sc, seed, fraction):
    sample = transformations.sample(sc.parallelize(range(10000), 2), True, fraction, seed).collect()
    assert len(set(sample)) < len(sample)
    assert set(sample) <= set(range(10000))
    # Each record is drawn a Poisson number of times; again six standard deviations.
    assert abs(len(sample) - 10000 * fraction) <= 6 * math.sqrt(10000 * fraction)


@pytest.mark.claim("rdd.union")
@given(one=records, other=records, n=partitions, m=partitions)
def test_union_holds_the_records_of_both(sc, one, other, n, m):
    union = transformations.union(sc.parallelize(one, n), sc.parallelize(other, m))
    assert union.collect() == one + other
    assert union.getNumPartitions() == n + m


@pytest.mark.claim("rdd.intersection")
@shuffles
@given(one=records, other=records, n=partitions, m=partitions)
def test_intersection_holds_once_what_is_in_both(sc, one, other, n, m):
    common = transformations.intersection(sc.parallelize(one, n), sc.parallelize(other, m)).collect()
    assert Counter(common) == Counter(set(one) & set(other))


@pytest.mark.claim("rdd.distinct")
@shuffles
@given(all_records=records, n=partitions)
def test_distinct_holds_each_record_once(sc, all_records, n):
    assert Counter(transformations.distinct(sc.parallelize(all_records, n)).collect()) == Counter(set(all_records))


@pytest.mark.claim("rdd.group-by-key")
@shuffles
@given(all_pairs=pairs, n=partitions)
def test_group_by_key_gathers_the_values_of_each_key(sc, all_pairs, n):
    expected = defaultdict(list)
    for key, value in all_pairs:
        expected[key].append(value)
    grouped = transformations.groupByKey(sc.parallelize(all_pairs, n)).collect()
    assert len(grouped) == len(expected)
    assert {key: sorted(values) for key, values in grouped} == {key: sorted(expected[key]) for key in expected}


@pytest.mark.claim("rdd.sort-by-key")
@shuffles
@given(all_pairs=sortable_pairs, ascending=st.booleans(), n=partitions)
def test_sort_by_key_orders_by_the_key(sc, all_pairs, ascending, n):
    in_order = transformations.sortByKey(sc.parallelize(all_pairs, n), ascending).collect()
    assert [key for key, _ in in_order] == sorted((key for key, _ in all_pairs), reverse=not ascending)
    assert Counter(in_order) == Counter(all_pairs)


@pytest.mark.claim("rdd.sort-by-key")
def test_sort_by_key_goes_downwards_when_asked_to(sc):
    words = sc.parallelize([(2, "to"), (3, "not"), (4, "that")], 2)
    assert transformations.sortByKey(words).keys().collect() == [2, 3, 4]
    assert transformations.sortByKey(words, ascending=False).keys().collect() == [4, 3, 2]


NUM_TASKS = [
    pytest.param(transformations.distinct, marks=pytest.mark.claim("rdd.distinct")),
    pytest.param(transformations.groupByKey, marks=pytest.mark.claim("rdd.group-by-key")),
    pytest.param(transformations.sortByKey, marks=pytest.mark.claim("rdd.sort-by-key")),
]


@pytest.mark.parametrize("transformation", NUM_TASKS)
def test_num_tasks_is_the_number_of_partitions(sc, transformation):
    some_pairs = sc.parallelize([(x, str(x)) for x in range(20)], 2)
    assert transformation(some_pairs, numTasks=7).getNumPartitions() == 7
    assert transformation(some_pairs).getNumPartitions() == 2


@pytest.mark.claim("rdd.pipe")
@given(words=st.lists(text.map(lambda line: line.replace("\n", "")), max_size=50), n=partitions)
def test_pipe_gives_each_record_to_the_command_as_a_line(sc, words, n):
    assert transformations.pipe(sc.parallelize(words, n), "cat").collect() == words


@pytest.mark.claim("rdd.pipe")
def test_the_command_changes_the_records_and_runs_once_for_each_partition(sc):
    words = sc.parallelize(["to", "be", "or"], 2)
    assert transformations.pipe(words, "tr a-z A-Z").collect() == ["TO", "BE", "OR"]
    assert [int(lines) for lines in transformations.pipe(words, "wc -l").collect()] == [1, 2]


@pytest.mark.claim("rdd.pipe")
def test_the_command_sees_the_variables_that_were_passed_and_no_others(sc):
    once = sc.parallelize([""], 1)
    assert transformations.pipe(once, "env", {"GREETING": "Grüße, 你好"}).collect() == ["GREETING=Grüße, 你好"]
    assert transformations.pipe(once, "env").collect() == []


@pytest.mark.claim("rdd.pipe")
def test_a_command_that_fails_makes_the_job_fail(sc):
    words = sc.parallelize(["to", "be"], 1)
    fails = "sh -c 'cat; exit 3'"
    with pytest.raises(Exception, match="exited with error code 3"):
        transformations.pipe(words, fails).collect()
    assert transformations.pipe(words, fails, checkCode=False).collect() == ["to", "be"]


@pytest.mark.claim("rdd.map")
def test_the_example_prints_each_transformation_of_the_slide(sc, printout):
    transformations.main()
    printed = printout()
    assert "map(len)                         [2, 2, 2, 3, 2, 2, 4, 2]" in printed
    assert "pipe('tr a-z A-Z')               ['TO', 'BE', 'OR', 'NOT', 'TO', 'BE', 'THAT', 'IS']" in printed
    for name in ("filter", "sample", "union", "intersection", "distinct", "groupByKey", "sortByKey"):
        assert "\n%s(" % name in printed
