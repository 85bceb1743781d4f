"""Slide 16: the same query as DataFrame calls and as SQL text, and what the optimizer makes of both."""

import operator
from collections import Counter
from contextlib import closing

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.lab4 import sources

WORDS = ["", "a", "ab", "A", "é", "e\u0301", "Київ", "🚀", "it's", "\\", "%"]
any_text = st.text(st.characters(blacklist_categories=["Cs"], min_codepoint=1), max_size=3)
words = st.none() | st.sampled_from(WORDS) | any_text
ages = st.none() | st.integers(-3, 3) | st.integers(-(10**12), 10**12)
row = st.tuples(words, words, ages)
rows = st.lists(row, max_size=2) | st.lists(row, min_size=30, max_size=60)

# A condition is a pair: the SQL text, and a function that makes the Column of a DataFrame.
OPERATORS = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "<>": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}
signs = st.sampled_from(sorted(OPERATORS))
texts = st.sampled_from(["name", "city"])
# The two engines differ in how a quote or a backslash is written in a literal, so there is none.
literals = st.sampled_from([word for word in WORDS if word not in ("it's", "\\")])

about_ages = st.builds(
    lambda sign, age: ("age %s %d" % (sign, age), lambda df: OPERATORS[sign](df["age"], age)), signs, st.integers(-3, 3)
)
about_texts = st.builds(
    lambda text, sign, word: ("%s %s '%s'" % (text, sign, word), lambda df: OPERATORS[sign](df[text], word)),
    texts,
    signs,
    literals,
)
about_nulls = st.builds(
    lambda name: ("%s IS NULL" % name, lambda df: df[name].isNull()), st.sampled_from(["name", "city", "age"])
)


def both(one, other):
    return "(%s AND %s)" % (one[0], other[0]), lambda df: one[1](df) & other[1](df)


def either(one, other):
    return "(%s OR %s)" % (one[0], other[0]), lambda df: one[1](df) | other[1](df)


def opposite(one):
    return "NOT (%s)" % one[0], lambda df: ~one[1](df)


conditions = st.recursive(
    about_ages | about_texts | about_nulls,
    lambda inner: st.builds(both, inner, inner) | st.builds(either, inner, inner) | st.builds(opposite, inner),
    max_leaves=6,
)
groupings = st.sampled_from([(), ("city",), ("name", "city"), ("age",)])


def optimized_plan(df):
    return df._jdf.queryExecution().optimizedPlan()


@pytest.mark.claim("sql.two-languages")
@given(rows=rows, condition=conditions, keys=groupings)
def test_calls_and_sql_give_the_answer_of_another_engine(spark, rows, condition, keys):
    text, column = condition
    people = spark.createDataFrame(rows, "name STRING, city STRING, age BIGINT")
    by_calls = sources.count_by_calls(people, column(people), *keys).collect()
    by_sql = sources.count_by_sql(spark, people, text, *keys).collect()
    assert Counter(by_calls) == Counter(by_sql) == Counter(answer_of_duckdb(rows, sources.sql_text(text, *keys)))


def answer_of_duckdb(rows, query):
    with closing(duckdb.connect()) as engine:
        engine.execute("CREATE TABLE people (name VARCHAR, city VARCHAR, age BIGINT)")
        if rows:
            engine.executemany("INSERT INTO people VALUES (?, ?, ?)", rows)
        return engine.execute(query).fetchall()


@pytest.mark.claim("sql.two-languages")
@given(condition=conditions, keys=groupings)
def test_calls_and_sql_are_optimized_to_the_same_plan(spark, condition, keys):
    text, column = condition
    people = spark.createDataFrame([("Ada", "London", 36)], "name STRING, city STRING, age BIGINT")
    by_calls = sources.count_by_calls(people, column(people), *keys)
    by_sql = sources.count_by_sql(spark, people, text, *keys)
    assert optimized_plan(by_calls).sameResult(optimized_plan(by_sql))


@pytest.mark.claim("sql.two-languages")
def test_another_question_has_another_plan(spark):
    people = spark.createDataFrame([("Ada", "London", 36)], "name STRING, city STRING, age BIGINT")
    by_calls = sources.count_by_calls(people, people["age"] > 18, "city")
    by_sql = sources.count_by_sql(spark, people, "age >= 18", "city")
    assert not optimized_plan(by_calls).sameResult(optimized_plan(by_sql))
