"""Several cores of one machine."""

import pytest

from labs.tour import cores


@pytest.mark.claim("runs.multicore")
def test_two_tasks_are_in_flight_at_the_same_time_on_two_cores(sc, tmp_path):
    assert cores.tasks_in_flight(sc, str(tmp_path), tasks=2, wanted=2, patience=60) == 2


@pytest.mark.claim("runs.multicore")
def test_the_example_prints_how_many_tasks_met(sc, printout):
    cores.main(2)
    assert printout() == "%s: 2 of 2 tasks at the same time\n" % sc.master


@pytest.mark.claim("runs.multicore")
def test_a_number_of_tasks_that_is_not_a_number_is_refused():
    with pytest.raises(SystemExit, match=r"^cores.py: not a number: many$"):
        cores.main("many")
