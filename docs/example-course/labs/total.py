"""Lab 2: the sum of numbers, in parallel."""


def total(sc, numbers):
    """Their sum."""
    return sc.parallelize(numbers, 2).sum()
