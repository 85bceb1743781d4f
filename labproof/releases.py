"""Which Spark, Python and Java go together. One line a release, each of them tried; standard library only.

A release that is not in the table follows the rules of the nearest older one of the table: a new Spark works with what
the last one worked with until somebody has tried it.
"""

from collections import namedtuple

Release = namedtuple("Release", "spark oldest_python newest_python java")

RELEASES = (
    Release("2.3.0", (3, 6), (3, 6), (8,)),
    Release("2.4.8", (3, 6), (3, 7), (8,)),
    Release("3.0.3", (3, 6), (3, 10), (8, 11)),
    Release("3.1.3", (3, 6), (3, 10), (8, 11)),
    Release("3.2.4", (3, 6), (3, 10), (8, 11)),
    Release("3.3.4", (3, 7), (3, 10), (8, 11, 17)),
    Release("3.4.4", (3, 7), (3, 11), (8, 11, 17)),
    Release("3.5.9", (3, 8), (3, 11), (8, 11, 17, 21)),
    Release("4.0.5", (3, 9), (3, 13), (17, 21)),
    Release("4.1.4", (3, 10), (3, 13), (17, 21)),
    Release("4.2.1", (3, 10), (3, 13), (17, 21, 25)),
    Release("4.3.0", (3, 11), (3, 13), (17, 21, 25)),
)


def numbers(version):
    """``"3.5.9"`` as ``(3, 5, 9)``; what follows the digits of a part (``4.0.0.dev1``, ``3.5.9-amzn``) is left out."""
    parts = []
    for part in version.replace("-", ".").split("."):
        if not part.isdigit():
            break
        parts.append(int(part))
    if not parts:
        raise ValueError("not a version: %r (expected something like 3.5.9)" % version)
    return tuple(parts)


def is_known(spark):
    """Whether the minor release of this Spark is in the table."""
    return any(numbers(release.spark)[:2] == numbers(spark)[:2] for release in RELEASES)


def release_for(spark):
    """The line of the table for this Spark: its minor release, else the nearest older one, else the oldest."""
    wanted = numbers(spark)[:2]
    fitting = [release for release in RELEASES if numbers(release.spark)[:2] <= wanted]
    return fitting[-1] if fitting else RELEASES[0]


def java_for(spark):
    """The major releases of Java that this Spark runs on, oldest first."""
    return release_for(spark).java


def python_range(spark):
    """The oldest and the newest Python (major, minor) that this Spark works with."""
    release = release_for(spark)
    return release.oldest_python, release.newest_python
