"""Lab 4, slide 16: what a DataFrame can be made from, and the two languages that it can be asked in.

make sources        spark-submit sources.py        python sources.py

Each function is one example; main shows them all.
"""

from pathlib import Path

from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

DATA = "file://%s" % (Path(__file__).resolve().parents[2] / "data")

# Semi-structured: no two of these have the same fields.
NESTED = [
    '{"name": "Ada", "address": {"city": "London", "post": {"code": "N1", "box": 7}}, "phones": ["12", "34"]}',
    '{"name": "Boris", "address": {"city": "Київ"}}',
    '{"name": "Cem", "age": 20, "phones": []}',
]

# The second line breaks off, the fourth is not JSON at all.
DAMAGED = [
    '{"name": "Ada", "age": 36}',
    '{"name": "Boris", "ag',
    '{"name": "Cem", "age": 20}',
    "Dunja;40",
]


def from_dataframe(df):
    """From another DataFrame, which stays as it is: everybody a year older."""
    return df.withColumn("age", df["age"] + 1)


def from_rdd(spark, pairs):
    """From an RDD of (name, age)."""
    return spark.createDataFrame(pairs.map(lambda pair: Row(name=pair[0], age=pair[1])))


def from_array(spark, pairs):
    """From a list of (name, age) in the driver; with the schema said, it may be empty and have None in it."""
    return spark.createDataFrame(pairs, "name STRING, age BIGINT")


def from_text(spark, path):
    """From lines of text: one column, named value."""
    return spark.read.text(path)


def from_json(spark, path):
    """From a file with a JSON object on each line; Spark reads it once to find the schema."""
    return spark.read.json(path)


def from_parquet(spark, path):
    """From Parquet, which has its schema in the file."""
    return spark.read.parquet(path)


def from_json_lines(spark, lines):
    """From JSON texts in the driver. The schema is the union of all fields; what a record lacks is null."""
    return spark.read.json(spark.sparkContext.parallelize(lines))


def cities_and_codes(df):
    """A field of a field has a path: address.post.code."""
    return df.select("name", "address.city", "address.post.code")


def read_damaged(spark, lines, mode):
    """JSON texts of which some are none. What becomes of those is up to the mode:

    PERMISSIVE keeps them, as text in _corrupt_record; DROPMALFORMED leaves them out; FAILFAST fails the action.
    """
    reader = spark.read.schema("name STRING, age BIGINT, _corrupt_record STRING").option("mode", mode)
    return reader.json(spark.sparkContext.parallelize(lines))


def count_by_calls(df, condition, *keys):
    """Of the rows that meet the condition (a Column): for each value of the keys, how many, the ages' range and sum."""
    return (
        df.filter(condition)
        .groupBy(*keys)
        .agg(
            F.count("*").alias("n"),
            F.min("age").alias("youngest"),
            F.max("age").alias("oldest"),
            F.sum("age").alias("years"),
        )
    )


def sql_text(condition, *keys):
    """The question of count_by_calls to the table people in SQL; here the condition is text, too."""
    columns = [*keys, "COUNT(*) AS n", "MIN(age) AS youngest", "MAX(age) AS oldest", "SUM(age) AS years"]
    query = "SELECT %s FROM people WHERE %s" % (", ".join(columns), condition)
    return query + " GROUP BY " + ", ".join(keys) if keys else query


def count_by_sql(spark, df, condition, *keys):
    """The same as count_by_calls; df becomes the view people of this session."""
    df.createOrReplaceTempView("people")
    return spark.sql(sql_text(condition, *keys))


def main():
    """Show each example."""
    spark = SparkSession.builder.getOrCreate()
    sc = spark.sparkContext
    pairs = [("Ada", 36), ("Boris", None), ("Cem", 20), ("Dunja", 36)]

    print("From an array:")
    people = from_array(spark, pairs)
    people.show()
    print("From that DataFrame:")
    from_dataframe(people).show()
    print("From an RDD:")
    from_rdd(spark, sc.parallelize(pairs)).show()
    print("From text:")
    from_text(spark, DATA + "/people.txt").show()
    print("From JSON:")
    from_json(spark, DATA + "/people.json").show()
    print("From Parquet:")
    from_parquet(spark, DATA + "/users.parquet").show()

    print("From JSON with fields in fields, and some missing:")
    nested = from_json_lines(spark, NESTED)
    nested.printSchema()
    cities_and_codes(nested).show()

    for mode in ("PERMISSIVE", "DROPMALFORMED"):
        print("From damaged JSON, %s:" % mode)
        read_damaged(spark, DAMAGED, mode).show(truncate=False)

    print("How many are of which age, asked with calls, then with SQL; the plans are the same:")
    for counted in (
        count_by_calls(people, people["age"] > 18, "age"),
        count_by_sql(spark, people, "age > 18", "age"),
    ):
        counted.show()
        counted.explain()

    print("From damaged JSON, FAILFAST:")
    try:
        read_damaged(spark, DAMAGED, "FAILFAST").show()
    except Exception as error:  # of which class depends on the release
        if "FAILFAST" not in str(error):
            raise
        print("the action failed, and Spark's log names the record")


if __name__ == "__main__":
    main()
