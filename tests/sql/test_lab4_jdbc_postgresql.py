"""Slide 16 again, with a PostgreSQL server: what Spark asks it, seen in the server's own log, and what goes wrong."""

import datetime
import os
import re
import runpy
import signal
import sys
from decimal import Decimal
from threading import Thread

import pytest

from labproof.waiting import wait_until
from labs.lab4 import jdbc

pytestmark = [pytest.mark.claim("sql.jdbc-postgresql"), pytest.mark.slow_start]


@pytest.fixture(scope="module")
def server(part):
    return part("postgresql")


@pytest.fixture(scope="module")
def database(server):
    return {name: server[name] for name in ("url", "driver", "user", "password")}


@pytest.fixture(scope="module")
def session(server, own_spark):
    """A session that has the driver, with one core: its tasks run one after the other."""
    with own_spark("local[1]", class_path=server["jar"]) as spark:
        yield spark


@pytest.fixture(scope="module")
def client(server):
    """Runs a statement without Spark, and returns its rows."""
    from pg8000.native import Connection

    words = {name: server[name] for name in ("host", "port", "database", "user", "password")}
    connection = Connection(**words)
    yield connection.run
    connection.close()


@pytest.fixture(scope="module")
def numbers(session, database, client):
    """The table numbers: n from 0 to 99, and a word for each."""
    client("CREATE TABLE numbers AS SELECT n, 'word' || n AS word FROM generate_series(0, 99) AS n")
    return "numbers"


def statements(server, about):
    """The queries about a table that the server was asked for; Spark also asks for columns, by one without a row."""
    with open(server["log"], encoding="utf-8") as log:
        asked = re.findall(r"execute <unnamed>(?:/\w+)?: (SELECT .*)", log.read())
    return [line.replace('"', "").strip() for line in asked if about in line and "1=0" not in line]


def test_the_filter_and_the_columns_are_in_the_servers_own_log(session, server, database, numbers):
    before = len(statements(server, numbers))
    table = jdbc.read_table(session, database, numbers)
    words = table.filter(table["n"] > 97).select("word").collect()
    assert sorted(row[0] for row in words) == ["word98", "word99"]
    [asked] = statements(server, numbers)[before:]
    assert re.match(r"SELECT word FROM numbers WHERE \(?n IS NOT NULL\)? AND \(?n > 97\)?$", re.sub(r"\s+", " ", asked))


def test_read_in_parts_means_as_many_queries_each_for_its_share(session, server, database, numbers):
    before = len(statements(server, numbers))
    table = jdbc.read_in_parts(session, database, numbers, "n", 0, 100, 4)
    assert sorted(row["n"] for row in table.collect()) == list(range(100))
    shares = [asked.split("WHERE ")[1] for asked in statements(server, numbers)[before:]]
    assert sorted(shares) == ["n < 25 or n is null", "n >= 25 AND n < 50", "n >= 50 AND n < 75", "n >= 75"]


def test_types_of_the_server_come_as_those_of_spark(session, database, client):
    client("SET TIME ZONE 'UTC'")
    client(
        "CREATE TABLE kinds "
        "(amount numeric(20,5), at timestamptz, numbers int[], document json, nothing text, flag bool)"
    )
    client(
        "INSERT INTO kinds VALUES "
        "(12345678901234.56789, '2018-04-27 09:30:00+02', '{1,NULL,3}', '{\"a\": [1]}', NULL, true)"
    )
    kinds = jdbc.read_table(session, database, "kinds")
    [row] = kinds.selectExpr("*", "CAST(unix_timestamp(at) AS BIGINT) AS seconds").collect()
    assert row["amount"] == Decimal("12345678901234.56789")
    moment = datetime.datetime(2018, 4, 27, 7, 30, tzinfo=datetime.timezone.utc)
    assert row["seconds"] == int(moment.timestamp())
    assert (row["numbers"], row["document"], row["nothing"], row["flag"]) == ([1, None, 3], '{"a": [1]}', None, True)


def test_types_of_spark_come_as_those_of_the_server(session, database, client):
    frame = session.sql(
        "SELECT CAST('1.50' AS DECIMAL(10,2)) AS amount, CAST('2018-04-27' AS DATE) AS day, array(1, 2) AS numbers, "
        "CAST(NULL AS STRING) AS nothing, true AS flag, CAST(9223372036854775807 AS BIGINT) AS big"
    )
    jdbc.write_table(frame, database, "written")
    assert client("SELECT amount, day, numbers, nothing, flag, big FROM written") == [
        [Decimal("1.50"), datetime.date(2018, 4, 27), [1, 2], None, True, 2**63 - 1]
    ]


def oid(client, table):
    return client("SELECT oid FROM pg_class WHERE relname = '%s'" % table)


def test_overwrite_makes_the_table_anew_and_with_truncate_empties_it(session, database, client):
    client("CREATE TABLE kept (n int); CREATE INDEX kept_index ON kept (n); INSERT INTO kept VALUES (1)")
    rows = session.createDataFrame([(7,)], "n INT")
    before = oid(client, "kept")
    jdbc.write_table(rows, database, "kept", "overwrite", truncate=True)
    assert client("SELECT n FROM kept") == [[7]]
    assert oid(client, "kept") == before
    assert len(oid(client, "kept_index")) == 1
    jdbc.write_table(rows, database, "kept", "append")
    assert client("SELECT n FROM kept") == [[7], [7]]
    jdbc.write_table(rows, database, "kept", "overwrite")
    assert client("SELECT n FROM kept") == [[7]]
    assert oid(client, "kept") != before
    assert oid(client, "kept_index") == []


def test_a_write_that_fails_leaves_the_partitions_that_were_done(session, database, client):
    client("CREATE TABLE small (n bigint CHECK (n < 60))")
    with pytest.raises(Exception, match="small_n_check"):
        jdbc.write_table(session.range(0, 100, 1, 4).toDF("n"), database, "small", "append")
    # The third of four partitions breaks the rule: of it there is nothing, and the two before it stay.
    assert client("SELECT count(*), max(n) FROM small") == [[50, 49]]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"password": "guess"}, 'FATAL: password authentication failed for user "spark"'),
        ({"user": "nobody"}, 'FATAL: password authentication failed for user "nobody"'),
        ({"database": "nowhere"}, 'FATAL: database "nowhere" does not exist'),
        ({"port": 1}, "Connection refused"),
    ],
)
def test_a_connection_that_fails_is_explained_in_one_line(session, server, monkeypatch, wrong, says):
    words = dict(server, **wrong)
    url = "jdbc:postgresql://{host}:{port}/{database}".format(**words)
    monkeypatch.setenv("JDBC_PASSWORD", words["password"])
    monkeypatch.setattr(sys, "argv", ["jdbc.py", url, words["driver"], "numbers", words["user"]])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(jdbc.__file__, run_name="__main__")
    assert end.value.code.startswith("jdbc.py: " + says)


def test_the_lab_shows_a_table_of_the_server(session, server, numbers, monkeypatch, printout):
    monkeypatch.setenv("JDBC_PASSWORD", server["password"])
    monkeypatch.setattr(sys, "argv", ["jdbc.py", server["url"], server["driver"], numbers, server["user"]])
    runpy.run_path(jdbc.__file__, run_name="__main__")
    assert "| 19|word19|" in printout()


def test_a_server_that_stops_in_mid_read_is_an_error_and_not_a_short_answer(session, own_part):
    with own_part("postgresql") as server:
        database = {name: server[name] for name in ("url", "driver", "user", "password")}
        slow = "(SELECT n, pg_sleep(0.01)::text AS nap FROM generate_series(1, 100000) AS n) AS slow"
        failures = []

        def read():
            try:
                jdbc.read_table(session, database, slow).collect()
            except Exception as error:
                failures.append(jdbc.reason(error))

        reader = Thread(target=read)
        reader.start()
        wait_until(lambda: statements(server, "pg_sleep"), "the server to be asked")
        # Of PostgreSQL: stop now, whoever is connected.
        os.kill(server["pid"], signal.SIGINT)
        reader.join(60)
    assert failures == ["FATAL: terminating connection due to administrator command"]
