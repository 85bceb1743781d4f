"""Slides 6 and 7: what pip install pyspark brings, and which languages Spark speaks with it."""

import os
import shutil

import pyspark
from pyspark.sql import DataFrame

HOME = os.path.dirname(os.path.abspath(pyspark.__file__))

PROGRAMS = ("pyspark", "spark-submit", "spark-sql", "spark-shell", "sparkR")

# A class that each language's API stands on.
CLASSES = {
    "Scala": "org.apache.spark.SparkContext",
    "Java": "org.apache.spark.api.java.JavaSparkContext",
    "Python": "org.apache.spark.api.python.PythonRDD",
    "R": "org.apache.spark.api.r.RRDD",
}


def version():
    """The release of the installed Spark, as the package itself says."""
    return pyspark.__version__


def programs():
    """The programs among ``PROGRAMS`` that the distribution has and that this user may run."""
    return [name for name in PROGRAMS if os.access(os.path.join(HOME, "bin", name), os.X_OK)]


def java_of_pyspark():
    """The Java programs that the distribution has."""
    return [os.path.join(folder, name) for folder, _, names in os.walk(HOME) for name in names if name == "java"]


def r_library():
    """The folder of SparkR, the library that an R program loads, or None: pip's Spark is without."""
    folder = os.path.join(HOME, "R", "lib")
    return folder if os.path.exists(folder) else None


def load_class(sc, name):
    """The class of this name on Spark's class path. Raises ``Py4JJavaError`` if there is none."""
    return sc._jvm.java.lang.Thread.currentThread().getContextClassLoader().loadClass(name)


def largest_in_java(sc, numbers):
    """The largest of the ``numbers``, found by an RDD of the Java API."""
    jsc = sc._jvm.org.apache.spark.api.java.JavaSparkContext(sc._jsc.sc())
    return jsc.parallelize(numbers).max(sc._jvm.java.util.Comparator.naturalOrder())


def only_in_scala_and_java(sc):
    """Methods of the JVM's Dataset that Python's DataFrame is without: those that work on typed objects."""
    methods = {method.getName() for method in load_class(sc, "org.apache.spark.sql.Dataset").getMethods()}
    some = ("filter", "groupByKey", "joinWith", "map", "mapPartitions", "reduce", "select", "union")
    return [name for name in some if name in methods and not hasattr(DataFrame, name)]


def main():
    """Print what is there."""
    print("Spark %s in %s" % (version(), HOME))
    print("Programs: %s" % ", ".join(programs()))
    print("Java in it: %s; Java on this PATH: %s" % (java_of_pyspark() or "none", shutil.which("java")))
    print("R library in it: %s" % r_library())
    sc = pyspark.SparkContext.getOrCreate()
    for language, name in sorted(CLASSES.items()):
        print("%s: %s" % (language, load_class(sc, name).getName()))
    print("Java says that the largest of 3, 1 and 2 is %d" % largest_in_java(sc, [3, 1, 2]))
    print("Only in Scala and Java: %s" % ", ".join(only_in_scala_and_java(sc)))


if __name__ == "__main__":
    main()
