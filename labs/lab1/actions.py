"""Lab 1, slide 12: one function for each action of the slide. All of them return something to the driver but foreach.

make actions        spark-submit actions.py        python actions.py
"""

from pyspark import SparkConf, SparkContext


def largest(numbers):
    """reduce(func): the largest number. Raises ``ValueError`` if there is none."""
    return numbers.reduce(lambda a, b: a if a > b else b)


def difference(numbers):
    """reduce(func) as one must not use it: minus is neither commutative nor associative.

    The result depends on how the numbers were cut into partitions.
    """
    return numbers.reduce(lambda a, b: a - b)


def collect(records):
    """collect(): all records, as a list in the driver program."""
    return records.collect()


def count(records):
    """count(): the number of records."""
    return records.count()


def take(records, n):
    """take(n): the first n records, or all if there are fewer."""
    return records.take(n)


def countByKey(pairs):
    """countByKey(): for each key the number of its pairs."""
    return pairs.countByKey()


def foreach(sc, numbers):
    """foreach(func): what it returned, what an accumulator got of it, and what a variable of the driver program got."""
    accumulated = sc.accumulator(0)
    variable = [0]

    def add(x):
        accumulated.add(x)
        # A task changes its own copy, which is thrown away with the task.
        variable[0] += x

    returned = numbers.foreach(add)
    return returned, accumulated.value, variable[0]


def main():
    """Print what each action returns."""
    sc = SparkContext.getOrCreate(conf=SparkConf())
    numbers = sc.parallelize([3, 1, 4, 1, 5, 9, 2, 6], 3)
    pairs = numbers.map(lambda x: ("even" if x % 2 == 0 else "odd", x))

    def show(what, result):
        print("%-32s %s" % (what, result))

    show("reduce(larger)", largest(numbers))
    for partitions in (1, 2, 3):
        show("reduce(minus), %i partitions" % partitions, difference(sc.parallelize(numbers.collect(), partitions)))
    show("collect()", collect(numbers))
    show("count()", count(numbers))
    show("take(3)", take(numbers, 3))
    show("countByKey()", dict(countByKey(pairs)))
    returned, accumulated, variable = foreach(sc, numbers)
    show("foreach(add)", returned)
    show("  in the accumulator", accumulated)
    show("  in the driver's variable", variable)


if __name__ == "__main__":
    main()
