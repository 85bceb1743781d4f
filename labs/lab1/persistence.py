"""Lab 1, slide 10: nothing is computed before an action, and twice for two actions, unless the RDD is kept.

make persistence        spark-submit persistence.py        python persistence.py
"""

from pyspark import SparkConf, SparkContext, StorageLevel


def counted_squares(sc, numbers):
    """The squares of the numbers, as an RDD of two partitions, and an accumulator of how many were computed."""
    computed = sc.accumulator(0)

    def square(x):
        computed.add(1)
        return x * x

    return sc.parallelize(numbers, 2).map(square), computed


def keep(records, where):
    """Keep the RDD for its next use: ``"memory"`` is cache(), ``"disk"`` is persist(DISK_ONLY)."""
    return {"memory": records.cache, "disk": lambda: records.persist(StorageLevel.DISK_ONLY)}[where]()


def kept(sc, records):
    """Bytes of the RDD that are kept, as (in memory, on disk)."""
    # Python has no call for it: this is what the Storage tab of Spark's web page shows.
    for info in sc._jsc.sc().getRDDStorageInfo():
        if info.id() == records.id():
            return info.memSize(), info.diskSize()
    return 0, 0


def use_twice(sc, numbers, where=None):
    """Sum up the squares, then count them; how many had been computed before, after the first, after the second."""
    squares, computed = counted_squares(sc, numbers)
    if where:
        keep(squares, where)
    steps = [computed.value]
    squares.sum()
    steps.append(computed.value)
    squares.count()
    steps.append(computed.value)
    squares.unpersist()
    return steps


def main():
    """Print how often the squares are computed, and where they are kept."""
    sc = SparkContext.getOrCreate(conf=SparkConf())
    print("Squares computed before, after the first and after the second action")
    for where in (None, "memory", "disk"):
        print("  kept in %-8s %s" % (where or "nothing", use_twice(sc, range(1000), where)))

    print("Bytes kept in memory and on disk")
    for where in ("memory", "disk"):
        squares, _ = counted_squares(sc, range(1000))
        keep(squares, where).count()
        print("  kept in %-8s %s" % (where, kept(sc, squares)))
        squares.unpersist()
        print("  unpersisted      %s" % (kept(sc, squares),))


if __name__ == "__main__":
    main()
