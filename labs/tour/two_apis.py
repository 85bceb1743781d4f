"""Slide 9: the same question to an RDD and to a DataFrame, and what Spark makes of each.

The question: in the rows (key, value) with a key below a limit, what is the sum of the values of each key?
"""

import statistics
import sys
import time

from pyspark.sql import SparkSession
from pyspark.sql.functions import sum as sum_of


def ask_rdd(rows, limit):
    """An RDD of (key, sum), from an RDD of (key, value)."""
    return rows.filter(lambda row: row[0] < limit).reduceByKey(lambda a, b: a + b)


def ask_df(rows, limit):
    """A DataFrame of (key, sum), from one of (key, value)."""
    return rows.filter(rows.key < limit).groupBy("key").agg(sum_of("value").alias("sum"))


def late_filter_rdd(people, cities, seen):
    """Adults and their cities; the filter is written last. ``seen`` is told each record that comes before it.

    ``people`` is an RDD of (city, age), ``cities`` one of (city, country).
    """

    def note(row):
        seen.add(1)
        return row

    return people.map(note).join(cities).filter(lambda row: row[1][0] > 17)


def late_filter_df(people, cities):
    """The same with DataFrames: ``people`` has city, age and name, ``cities`` has city and country."""
    return people.select("city", "age").join(cities, "city").filter("age > 17")


def late_filter_sql(spark):
    """The same as SQL text, with views people and cities."""
    return spark.sql(
        "SELECT * FROM (SELECT city, age FROM people) AS some JOIN cities ON some.city = cities.city WHERE age > 17"
    )


def plan(df):
    """What Spark is going to run for a DataFrame, as text."""
    return df._jdf.queryExecution().executedPlan().toString()


def rdd_of(sc, rows):
    """An RDD of that many (key, value), with 100 different keys."""
    return sc.range(rows).map(lambda i: (i % 100, i))


def df_of(spark, rows):
    """The same as a DataFrame."""
    return spark.range(rows).selectExpr("id % 100 AS key", "id AS value")


def race(spark, rows, limit, rounds):
    """Ask both ways by turns, after one unmeasured round; the last answers, and the median seconds of each way.

    Returns ``((rdd_answer, df_answer), (rdd_seconds, df_seconds))``, the answers as dicts.
    """
    ways = (
        lambda: dict(ask_rdd(rdd_of(spark.sparkContext, rows), limit).collect()),
        lambda: dict(map(tuple, ask_df(df_of(spark, rows), limit).collect())),
    )
    answers, seconds = [None, None], ([], [])
    for turn in range(rounds + 1):
        for way, ask in enumerate(ways):
            start = time.perf_counter()
            answers[way] = ask()
            if turn:
                seconds[way].append(time.perf_counter() - start)
    return tuple(answers), tuple(statistics.median(of_way) for of_way in seconds)


def main(rows=3000000):
    """Print how long both ways take for that many rows, and the plan of the DataFrame."""
    try:
        rows = int(rows)
    except ValueError:
        sys.exit("two_apis.py: not a number of rows: %s" % rows)
    spark = SparkSession.builder.getOrCreate()
    (by_rdd, by_df), (rdd_seconds, df_seconds) = race(spark, rows, limit=50, rounds=3)
    print("The same answer: %s" % (by_rdd == by_df))
    print("RDD %.2f s, DataFrame %.2f s: %.1f times as fast" % (rdd_seconds, df_seconds, rdd_seconds / df_seconds))
    print(plan(ask_df(df_of(spark, rows), limit=50)))


if __name__ == "__main__":
    main(*sys.argv[1:])
