"""Slide 6: how many tasks Spark has in flight at the same time, seen from inside the tasks."""

import sys
import tempfile
import time
from pathlib import Path

from pyspark import SparkContext


def tasks_in_flight(sc, folder, tasks, wanted, patience):
    """The most tasks that one of ``tasks`` tasks has seen in flight, itself among them.

    Each task makes a file in ``folder`` and waits until there are ``wanted`` of them. After ``patience`` seconds it
    gives up and takes its file away.
    """

    def meet(number):
        mine = Path(folder) / ("task-%d" % number)
        mine.touch()
        deadline = time.monotonic() + patience
        seen = 1
        while seen < wanted and time.monotonic() < deadline:
            time.sleep(0.005)
            seen = len(list(Path(folder).iterdir()))
        if seen < wanted:
            mine.unlink()
        return seen

    return sc.parallelize(range(tasks), tasks).map(meet).max()


def main(wanted=2):
    """Print whether ``wanted`` tasks can be in flight at once on this master."""
    try:
        wanted = int(wanted)
    except ValueError:
        sys.exit("cores.py: not a number: %s" % wanted)
    sc = SparkContext.getOrCreate()
    with tempfile.TemporaryDirectory() as folder:
        seen = tasks_in_flight(sc, folder, tasks=wanted, wanted=wanted, patience=10)
    print("%s: %d of %d tasks at the same time" % (sc.master, seen, wanted))


if __name__ == "__main__":
    main(*sys.argv[1:])
