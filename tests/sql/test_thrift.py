"""Slide 16: tables that a Spark job saved, asked for by programs without Spark through the Thrift server."""

import sys
from contextlib import closing

import psutil
import pytest

pytestmark = [pytest.mark.slow_start, pytest.mark.in_order]

USERS = [("Alyssa", None), ("Ben", "red"), ("Chloé", "green"), ("Dagny", None), ("Émile", "blue")]


@pytest.fixture(scope="module")
def client():
    """The lab, which needs a client of the server's protocol."""
    pytest.importorskip("impala", reason="needs impyla, a client of HiveServer2: pip install 'labproof[parts]'")
    from labs.lab4 import thrift_client

    return thrift_client


@pytest.fixture(scope="module")
def thrift(attendee_of_module, own_part, client):
    """A Thrift server in Lab 4's folder, in which files.py has saved the table users1 and ended."""
    attendee_of_module.run("make -s files", lab="lab4")
    with own_part("thrift", attendee_of_module.folder / "labs" / "lab4") as thrift:
        yield thrift


@pytest.fixture
def connections(client, thrift):
    """Two clients at once."""
    server = thrift["server"]
    with closing(client.open_connection(server)) as one, closing(client.open_connection(server)) as other:
        yield one, other


@pytest.mark.claim("sql.thrift")
def test_a_program_without_spark_reads_the_table_that_a_spark_job_saved(attendee_of_module, thrift, record_property):
    ask = (
        "import sys; sys.modules['pyspark'] = None; from labs.lab4 import thrift_client as lab; lab.main(*sys.argv[1:])"
    )
    query = "SELECT name, favorite_color FROM users1 ORDER BY name"
    printed = attendee_of_module.run([sys.executable, "-c", ask, thrift["server"], query]).stdout
    record_property("printed", printed)
    assert [tuple(line.split("\t")) for line in printed.splitlines()] == [(name, str(color)) for name, color in USERS]


@pytest.mark.claim("sql.thrift")
@pytest.mark.parametrize(
    ("command", "row"),
    [
        ("python thrift_client.py 127.0.0.1:%s", "default\tusers1\tFalse"),
        ("make thrift PORT=%s", "default\tusers1\tFalse"),
        ("make thrift PORT=%s SQL='SELECT count(*) FROM users1'", "5"),
    ],
    ids=["python", "make", "make with SQL"],
)
def test_typed_at_a_terminal_it_lists_the_tables_or_answers_what_it_is_asked(attendee_of_module, thrift, command, row):
    port = thrift["server"].rpartition(":")[2]
    assert row in attendee_of_module.run(command % port, lab="lab4").stdout.splitlines()


@pytest.mark.claim("sql.thrift")
def test_beeline_reads_it_through_jdbc(attendee_of_module, thrift):
    query = "SELECT name, favorite_color FROM users1 ORDER BY name"
    command = ["beeline", "-u", "jdbc:hive2://" + thrift["server"], "-n", "student", "--outputformat=csv2", "-e", query]
    printed = attendee_of_module.run(command).stdout.splitlines()
    # The first has what is left of beeline's prompt before it.
    rows = [line.rpartition("> ")[2] for line in printed if line.count(",") == 1 and "SELECT" not in line]
    assert rows == ["name,favorite_color"] + ["%s,%s" % (name, color or "NULL") for name, color in USERS]


@pytest.mark.claim("sql.thrift")
def test_two_clients_at_once_see_each_others_tables(client, connections):
    one, other = connections
    client.ask(one, "CREATE TABLE made_by_one (n INT, word STRING) USING parquet")
    try:
        client.ask(other, "INSERT INTO made_by_one VALUES (1, 'né'), (2, NULL)")
        assert client.ask(one, "SELECT * FROM made_by_one ORDER BY n") == [(1, "né"), (2, None)]
        assert ("default", "made_by_one", False) in client.ask(other, "SHOW TABLES")
    finally:
        client.ask(other, "DROP TABLE made_by_one")


@pytest.mark.claim("sql.thrift")
@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("SELEC 1", "'SELEC'"),
        ("SELECT * FROM nowhere", "nowhere"),
        ("SELECT assert_true(id > 5) FROM range(3)", "is not true"),
    ],
    ids=["not SQL", "no such table", "fails as it runs"],
)
def test_bad_sql_is_an_error_of_the_one_who_sent_it_and_the_server_lives_on(
    client, connections, thrift, statement, complaint
):
    one, other = connections
    with pytest.raises(client.Error) as caught:
        client.ask(one, statement)
    assert complaint in client.words_of(caught.value)
    assert client.ask(one, "SELECT count(*) FROM users1") == client.ask(other, "SELECT 5")
    assert psutil.Process(thrift["pid"]).is_running()


@pytest.mark.claim("sql.thrift")
def test_the_example_ends_with_sparks_own_words_for_bad_sql(client, thrift):
    with pytest.raises(SystemExit) as ended:
        client.main(thrift["server"], "SELEC 1")
    assert ended.value.code.startswith("thrift_client.py: ")
    assert "'SELEC'" in ended.value.code
    assert "Exception" not in ended.value.code


@pytest.mark.claim("sql.thrift")
def test_the_example_says_when_nobody_answers(client):
    with pytest.raises(SystemExit) as ended:
        client.main("127.0.0.1:1")
    assert ended.value.code.startswith("thrift_client.py: nobody answers at 127.0.0.1:1: run make thrift_server")


@pytest.mark.claim("sql.thrift")
def test_the_server_listens_on_loopback_only(thrift):
    listening = [one.laddr for one in psutil.Process(thrift["pid"]).net_connections("inet") if one.status == "LISTEN"]
    assert listening
    assert {address.ip.replace("::ffff:", "") for address in listening} == {"127.0.0.1"}
