"""What tasks share with the driver and with each other: nothing, broadcast values, accumulators."""

import pytest
from hypothesis import given
from hypothesis.strategies import integers, lists
from py4j.protocol import Py4JJavaError

from labs.lab2 import sharing

number = integers(-1000, 1000)
few_or_many = lists(number, max_size=3) | lists(number, min_size=30, max_size=60)


@pytest.mark.claim("shared.not-by-default")
@given(numbers=few_or_many, partitions=integers(1, 4))
def test_each_task_adds_to_a_global_of_its_own_and_the_drivers_stays_as_it_was(sc, numbers, partitions):
    rdd = sc.parallelize(numbers, partitions)
    on_the_driver, in_the_tasks = sharing.add_to_a_global(rdd)
    assert on_the_driver == 0
    assert in_the_tasks == [sum(part) for part in rdd.glom().collect()]


@pytest.mark.claim("shared.broadcast")
def test_a_plain_variable_travels_with_every_task(sc):
    assert {before for _, before in sharing.use_a_plain_variable(sc, tasks=12)} == {0}


@pytest.mark.claim("shared.broadcast")
def test_tasks_see_a_broadcast_value_as_it_was_when_it_was_broadcast(sc):
    values = [1, 2]
    assert sharing.change_after_broadcast(sc, values, more=[3]) == [1, 2]
    assert values == [1, 2, 3]


@pytest.mark.claim("shared.broadcast")
def test_after_unpersist_a_broadcast_value_is_sent_again(sc):
    assert sharing.unpersist(sc, ["naïve", None]) == ["naïve", None]


@pytest.mark.claim("shared.broadcast")
def test_after_destroy_a_broadcast_value_is_gone(sc):
    with pytest.raises(Py4JJavaError, match=r"Attempted to use Broadcast\(\d+\) after it was destroyed"):
        sharing.destroy(sc, [1, 2])


@pytest.mark.claim("shared.accumulator")
@given(numbers=few_or_many, partitions=integers(1, 4))
def test_the_driver_reads_the_sum_of_what_all_tasks_added(sc, numbers, partitions):
    assert sharing.add_to_an_accumulator(sc.parallelize(numbers, partitions)) == sum(numbers)


@pytest.mark.claim("shared.accumulator")
def test_tasks_may_add_negative_numbers_so_a_sum_may_fall(sc):
    assert sharing.add_to_an_accumulator(sc.parallelize([2, -5, 1], 2)) == -2


@pytest.mark.claim("shared.accumulator")
def test_a_task_cannot_read_an_accumulator(sc):
    with pytest.raises(Exception, match=r"Accumulator.value.* cannot be accessed inside tasks"):
        sharing.read_in_a_task(sc.parallelize([1], 1))


@pytest.mark.claim("shared.accumulator")
def test_what_a_transformation_adds_is_counted_again_for_each_action(sc):
    assert sharing.add_in_a_transformation(sc.parallelize([1, 2, 3], 2), actions=1) == 6
    assert sharing.add_in_a_transformation(sc.parallelize([1, 2, 3], 2), actions=3) == 18


@pytest.mark.claim("shared.accumulator")
@given(numbers=few_or_many, partitions=integers(1, 4))
def test_an_accumulator_can_hold_the_result_of_a_reduce(sc, numbers, partitions):
    assert sharing.largest(sc.parallelize(numbers, partitions), least=-7) == max([-7] + numbers)


@pytest.mark.claim("shared.accumulator")
def test_the_example_prints_what_it_shows(sc, printout):
    sharing.main()
    printed = dict(line.split(": ", 1) for line in printout().splitlines())
    assert printed["A global, on the driver and in the tasks"] == "0 and [4, 2]"
    assert printed["An accumulator in a map that runs twice"] == "12"
    assert "cannot be accessed inside tasks" in printed["Reading an accumulator in a task"]
    assert "after it was destroyed" in printed["A broadcast list after destroy"]
