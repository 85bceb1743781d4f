"""Lab 1, slide 10: an executor is killed in the middle of a job, and the job gives the same answer all the same.

make recovery        spark-submit --master "local-cluster[2,1,1024]" recovery.py

Needs at least two executors on this machine; with fewer nobody is left to go on.
"""

import os
import signal
import subprocess
import sys
from operator import add

from pyspark import SparkConf, SparkContext, TaskContext


def parent_of(pid):
    """The process that started this one."""
    return int(subprocess.check_output(["ps", "-o", "ppid=", "-p", str(pid)]))


def executor():
    """In a task: the process id of the executor. It starts a Python daemon, which starts the worker that we are in."""
    return parent_of(os.getppid())


def executors_at_work(sc, tasks=8):
    """The process ids of the executors that run so many tasks, one for each task."""
    return sc.parallelize(range(tasks), tasks).map(lambda _: executor()).collect()


def kill_own_executor(partition, records):
    """Kill the executor that works on the first partition, at the first try, before any record comes."""
    if partition == 0 and TaskContext.get().attemptNumber() == 0:
        os.kill(executor(), signal.SIGKILL)
    return records


def sums(sc, numbers, partitions=4):
    """The sum of the squares, then once more while an executor dies, and how many squares were computed for each."""
    computed = sc.accumulator(0)

    def square(x):
        computed.add(1)
        return x * x

    squares = sc.parallelize(numbers, partitions).map(square).cache()
    before = squares.fold(0, add)
    computed_before = computed.value
    after = squares.mapPartitionsWithIndex(kill_own_executor).fold(0, add)
    return before, after, computed_before, computed.value - computed_before


def main():
    """Print the sum before and after an executor died."""
    sc = SparkContext.getOrCreate(conf=SparkConf())
    if sc.master.split("[")[0] == "local":
        sys.exit('recovery.py: needs two executors: spark-submit --master "local-cluster[2,1,1024]" recovery.py')
    print("Executors: %s" % sorted(set(executors_at_work(sc))))
    before, after, computed, computed_again = sums(sc, range(1000))
    print("Sum of squares: %i, squares computed: %i" % (before, computed))
    print("Once more, and one executor killed: %i, lost squares computed again: %i" % (after, computed_again))


if __name__ == "__main__":
    main()
    # As long as nobody stops the cluster, its workers start a new executor for each that ends.
    SparkContext.getOrCreate().stop()
