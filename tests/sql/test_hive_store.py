"""Slides 16 and 22: two sessions at once, on the Hive store that Spark makes by itself and on one in PostgreSQL."""

import os
import stat
import sys

import pexpect
import pytest
from printed import tables

pytestmark = pytest.mark.slow_start

PROMPT = r"spark-sql( \(\w+\))?> "


def at_the_prompt(shell, statement):
    """Type a statement; what the shell prints until it is done."""
    shell.sendline(statement)
    shell.expect(r"Time taken: [^\n]*\n")
    printed = shell.before
    shell.expect(PROMPT)
    return printed


@pytest.fixture
def shell(attendee):
    """Opens an SQL prompt in Lab 4's folder, which is left at the end of the test."""
    opened = []

    def open_shell(command):
        child = attendee.spawn(command, lab="lab4", timeout=300)
        opened.append(child)
        child.expect(PROMPT)
        return child

    yield open_shell
    for child in opened:
        child.sendline("quit;")
        child.expect(pexpect.EOF)


@pytest.mark.claim("sql.hive-store")
def test_the_store_that_spark_makes_is_for_one_session_at_a_time(attendee, shell):
    first = shell("spark-sql")
    # A view is in the store alone; tables of the prompt of Spark 2 are in /user/hive/warehouse.
    at_the_prompt(first, "CREATE VIEW by_the_first AS SELECT 1 AS n;")
    # Hive tries ten times, two seconds apart.
    at_once = "SPARK_SUBMIT=spark-submit --conf spark.hadoop.hive.hmshandler.retry.interval=1ms"
    second = attendee.run(["make", "-s", "hive", at_once], lab="lab4", status=None)
    assert second.returncode != 0
    assert "ERROR XSDB6: Another instance of Derby may have already booted the database" in second.stderr
    assert "1" in at_the_prompt(first, "SELECT n FROM by_the_first;")


@pytest.fixture
def postgres_store(attendee, own_part):
    """The options that lead a session to a store in PostgreSQL, which the lab has made."""
    with own_part("postgresql") as postgres:
        place = "%(host)s:%(port)d/%(database)s" % postgres
        attendee.environ["PGPASSWORD"] = postgres["password"]
        command = [sys.executable, "shared_store.py", place, postgres["user"], postgres["jar"]]
        written = attendee.folder / "labs" / "lab4" / "store.conf"
        written.touch(0o644)  # as from an earlier try
        attendee.run(command, lab="lab4")
        assert stat.S_IMODE(os.stat(str(written)).st_mode) == 0o600
        yield "--properties-file store.conf"


@pytest.mark.claim("sql.hive-store")
def test_a_store_in_postgresql_is_shared_by_two_sessions_at_once(attendee, postgres_store, shell):
    first = shell("spark-sql " + postgres_store)
    at_the_prompt(first, "CREATE TABLE users1 USING parquet AS SELECT 'of the first' AS name;")

    second = attendee.run(["make", "-s", "hive", "SPARK_SUBMIT=spark-submit " + postgres_store], lab="lab4")
    of_the_second, of_the_first = tables(second.stdout)
    assert of_the_first == [["name"], ["of the first"]]
    assert of_the_second[0] == ["key", "value"]
    assert "500" in at_the_prompt(first, "SELECT count(*) FROM src;")
    warehouse = attendee.folder / "labs" / "lab4" / "spark-warehouse"
    assert {"users1", "src"} <= set(os.listdir(str(warehouse)))
    assert not (attendee.folder / "labs" / "lab4" / "metastore_db").exists()


@pytest.mark.claim("sql.hive-store")
def test_a_store_that_cannot_be_made_is_told(attendee, own_part):
    with own_part("postgresql") as postgres:
        attendee.environ["PGPASSWORD"] = "wrong"
        place = "%(host)s:%(port)d/%(database)s" % postgres
        command = [sys.executable, "shared_store.py", place, postgres["user"], postgres["jar"]]
        told = attendee.run(command, lab="lab4", status=1).stderr
    assert told.startswith("shared_store.py: the store cannot be made:\n")
    assert "password authentication failed" in told
