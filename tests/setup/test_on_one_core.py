"""What needs a Spark of its own: one core, tasks that are tried again, calls from Spark into this process."""

import pytest

from labs.lab1 import recovery
from labs.lab2 import sharing
from labs.tour import cores, two_streams

pytestmark = pytest.mark.slow_start


@pytest.fixture(scope="module")
def one_core(own_spark):
    """One core, and up to three attempts at a task."""
    with own_spark("local[1,3]") as spark:
        yield spark


@pytest.mark.claim("runs.multicore")
def test_on_one_core_no_task_ever_meets_another(one_core, tmp_path):
    assert cores.tasks_in_flight(one_core.sparkContext, str(tmp_path), tasks=3, wanted=2, patience=0.2) == 1


@pytest.mark.claim("rdd.recovers")
def test_where_nobody_is_left_to_recover_the_lab_says_what_it_needs(one_core):
    with pytest.raises(SystemExit, match="needs two executors"):
        recovery.main()


@pytest.mark.claim("streaming.two")
@pytest.mark.filterwarnings("ignore:DStream is deprecated:FutureWarning")
def test_both_streaming_libraries_count_the_same_words(one_core, tmp_path, printout):
    (tmp_path / "text.txt").write_bytes("être or\nnot être\n\nor être\n".encode("utf-8"))
    two_streams.main(str(tmp_path / "text.txt"))
    assert printout().splitlines() == [
        "DStreams: être 3, or 2,  1, not 1",
        "Structured Streaming: être 3, or 2,  1, not 1",
    ]
    # Complete at any time: a row for each word, not one for each batch that brought it.
    assert one_core.table("words_so_far").count() == 4


@pytest.mark.claim("shared.accumulator")
def test_a_task_that_is_tried_again_is_counted_once_in_an_action(one_core):
    numbers = one_core.sparkContext.parallelize([1, 2, 3], 2)
    assert sharing.add_in_tasks_that_fail_once(numbers) == 6


@pytest.mark.claim("shared.broadcast")
def test_an_executor_fetches_a_broadcast_value_once_for_all_its_tasks(one_core):
    uses = sharing.use_a_broadcast(one_core.sparkContext, tasks=5)
    assert len({process for process, _ in uses}) == 1
    assert [before for _, before in uses] == [0, 1, 2, 3, 4]
