"""Beside Lab 2, slide 14: what tasks share with each other and with the driver, and what they don't."""

import os
import sys

from pyspark import AccumulatorParam, SparkContext, TaskContext

total = 0


def add_to_a_global(numbers):
    """What the driver's ``total`` is after tasks added the ``numbers`` to theirs, and what it was in each task."""

    def add(part):
        global total
        for x in part:
            total += x
        yield total

    in_tasks = numbers.mapPartitions(add).collect()
    return total, in_tasks


def add_to_an_accumulator(numbers):
    """What the driver reads after tasks added the ``numbers`` to an accumulator."""
    a = numbers.context.accumulator(0)
    numbers.foreach(lambda x: a.add(x))
    return a.value


class Largest(AccumulatorParam):
    """What a task "adds" to this accumulator counts if it is larger than what is there."""

    def zero(self, value):
        """The value in a task that has seen nothing yet."""
        return value

    def addInPlace(self, one, other):
        """The larger one."""
        return max(one, other)


def largest(numbers, least):
    """The largest of the ``numbers``, or ``least``: the accumulator holds what a reduce would."""
    a = numbers.context.accumulator(least, Largest())
    numbers.foreach(lambda x: a.add(x))
    return a.value


def read_in_a_task(numbers):
    """Tasks can't read an accumulator: this raises."""
    a = numbers.context.accumulator(0)
    return numbers.map(lambda x: a.value).collect()


def add_in_a_transformation(numbers, actions):
    """The same sum, but added in a ``map``: it is there again for each action that computes the map again."""
    a = numbers.context.accumulator(0)

    def note(x):
        a.add(x)
        return x

    noted = numbers.map(note)
    for _ in range(actions):
        noted.count()
    return a.value


def add_in_tasks_that_fail_once(numbers):
    """The same sum, though each task adds up its numbers, fails, and is tried again."""
    a = numbers.context.accumulator(0)

    def add(part):
        for x in part:
            a.add(x)
        if TaskContext.get().attemptNumber() == 0:
            raise RuntimeError("this task fails at its first attempt, on purpose")

    numbers.foreachPartition(add)
    return a.value


def change_after_broadcast(sc, values, more):
    """What tasks see of a list that the driver makes longer after it has been broadcast."""
    b = sc.broadcast(values)
    values.extend(more)
    return sc.parallelize([0], 1).map(lambda _: b.value).first()


def use_a_broadcast(sc, tasks):
    """For each task its process, and how many tasks of that process had the same copy of a broadcast list before.

    Nobody should write to a broadcast value: each task here leaves a mark in it to show whose copy it is.
    """
    b = sc.broadcast([])

    def mark(_):
        before = len(b.value)
        b.value.append("used")
        return os.getpid(), before

    # A list: after numbers of a range Spark 2 does not use a process again.
    return sc.parallelize(list(range(tasks)), tasks).map(mark).collect()


def use_a_plain_variable(sc, tasks):
    """The same with a list that is not broadcast: it travels with each task."""
    plain = []

    def mark(_):
        before = len(plain)
        plain.append("used")
        return os.getpid(), before

    return sc.parallelize(range(tasks), tasks).map(mark).collect()


def unpersist(sc, values):
    """What tasks see of a broadcast list after ``unpersist()``: it is sent to them again."""
    b = sc.broadcast(values)
    numbers = sc.parallelize([0], 1)
    numbers.foreach(lambda _: b.value)
    b.unpersist(blocking=True)
    return numbers.map(lambda _: b.value).first()


def destroy(sc, values):
    """After ``destroy()`` nobody can use a broadcast list: this raises."""
    b = sc.broadcast(values)
    b.destroy()
    return sc.parallelize([0], 1).map(lambda _: b.value).first()


def first_line_of(error):
    """What an error of Spark says, without the traces of Java and Python."""
    lines = [line.strip() for line in str(error).splitlines()]
    telling = [line for line in lines if "Traceback" not in line and ("Exception: " in line or "Error: " in line)]
    return (telling or lines)[0].lstrip(": ")


def main():
    """Print what each of these shows."""
    sc = SparkContext.getOrCreate()
    numbers = sc.parallelize([3, 1, -4, 1, 5], 2)
    print("A global, on the driver and in the tasks: %s and %s" % add_to_a_global(numbers))
    print("An accumulator: %s" % add_to_an_accumulator(numbers))
    print("An accumulator that keeps the largest: %s" % largest(numbers, 0))
    print("An accumulator in a map that runs twice: %s" % add_in_a_transformation(numbers, actions=2))
    print("A list made longer after its broadcast: %s" % change_after_broadcast(sc, [1, 2], [3]))
    print("Processes and earlier uses of a broadcast list: %s" % use_a_broadcast(sc, tasks=6))
    print("... and of a plain list: %s" % use_a_plain_variable(sc, tasks=6))
    print("A broadcast list after unpersist: %s" % unpersist(sc, [1, 2]))
    for name, refused in (
        ("Reading an accumulator in a task", lambda: read_in_a_task(numbers)),
        ("A broadcast list after destroy", lambda: destroy(sc, [1, 2])),
    ):
        try:
            sys.exit("%s should have failed: %s" % (name, refused()))
        except Exception as error:
            print("%s: %s" % (name, first_line_of(error)))


if __name__ == "__main__":
    main()
