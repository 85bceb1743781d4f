"""Slides 30 and 31: words typed in one terminal are counted in another."""

import re
import runpy
import signal
import socket
import sys
from collections import Counter, namedtuple
from multiprocessing.pool import ThreadPool

import pexpect
import psutil
import pytest

from labproof.waiting import wait_until
from labs.lab6 import batch_or_stream, random_port, word_count

pytestmark = pytest.mark.slow_start

TYPED = ["to be or not to be", "that is", "", "not a question"]
MORE_THAN_FIT = " ".join("word%d" % number for number in range(25))

Run = namedtuple("Run", "port scripts listening tables cut status after_ctrl_c left")

BATCH = re.compile(r"Batch: \d+\r\n-+\r\n(.*?\+)\r\n(only showing top \d+ rows)?\r\n", re.DOTALL)


def next_table(terminal):
    """The rows of the next table on the console, and whether there are more than it shows."""
    terminal.expect(BATCH)
    rows = [row.strip("|").split("|") for row in terminal.match.group(1).splitlines() if row.startswith("|")]
    return {word.strip(): int(count) for word, count in rows[1:]}, bool(terminal.match.group(2))


def shell(attendee, command):
    """A terminal in the folder of the lab in which the command was typed."""
    terminal = attendee.spawn("bash --norc", lab="lab6")
    terminal.sendline("source env.sh")
    terminal.sendline(command)
    return terminal


def all_batches_are_done(checkpoint):
    """Whether the query has committed each batch that it began: the console shows a table before that."""
    begun, done = ({path.name for path in (checkpoint / kind).glob("[0-9]*")} for kind in ("offsets", "commits"))
    return begun == done


@pytest.fixture(scope="module")
def run(attendee_of_module, tmp_path_factory):
    """What happened in the two terminals, from the first command to after Ctrl+C."""
    lab = attendee_of_module.folder / "labs" / "lab6"
    tmp = tmp_path_factory.mktemp("tmp")
    attendee_of_module.environ["SPARK_SUBMIT_OPTS"] += ' "-Djava.io.tmpdir=%s"' % tmp
    netcat = shell(attendee_of_module, "make nc")
    wait_until((lab / "mync.sh").exists, "mync.sh")
    port = int(re.search(r"\b\d{4,5}\b", (lab / "mync.sh").read_text()).group())

    def listeners():
        found = psutil.net_connections("tcp")
        return [c.laddr[0] for c in found if c.status == psutil.CONN_LISTEN and c.laddr[1] == port]

    listening = wait_until(listeners, "somebody to listen at port %d" % port)
    counter = shell(attendee_of_module, "make word_count")
    tables = []
    for line in TYPED:
        netcat.sendline(line)
        table, _ = next_table(counter)
        while not table:  # the one before the first line
            table, _ = next_table(counter)
        tables.append(table)
    netcat.sendline(MORE_THAN_FIT)
    cut = next_table(counter)
    processes = [p for terminal in (netcat, counter) for p in psutil.Process(terminal.pid).children(recursive=True)]
    # In the middle of a batch Java may still complain of being interrupted; people type Ctrl+C between two lines.
    # Spark 2.4 has another temporary folder beside it, of the socket's.
    [checkpoint] = (offsets.parent for offsets in tmp.glob("temporary*/offsets"))
    wait_until(lambda: all_batches_are_done(checkpoint), "the end of the last batch")
    counter.sendintr()
    counter.sendline("echo status $?")
    counter.expect(r"status (\d+)\r")
    status = int(counter.match.group(1))
    _, left = psutil.wait_procs(processes, timeout=10)
    scripts = [(lab / name).read_text() for name in ("mync.sh", "mystream.sh")]
    return Run(port, scripts, listening, tables, cut, status, counter.before, left)


@pytest.mark.claim("lab6.word-count", "local.submit", because="slide 34 says again what slide 31 shows")
@pytest.mark.slow_start
def test_after_each_line_the_table_of_all_words_so_far_is_shown(run):
    so_far = Counter()
    for line, table in zip(TYPED, run.tables):
        so_far.update(line.split(" "))
        assert table == so_far
    assert len(run.tables) == len(TYPED)


@pytest.mark.claim("lab6.word-count")
@pytest.mark.slow_start
def test_the_console_shows_20_rows_of_the_table_at_most(run):
    table, there_is_more = run.cut
    assert len(table) == 20
    assert there_is_more


@pytest.mark.claim("lab6.word-count")
@pytest.mark.slow_start
def test_ctrl_c_ends_both_programs_without_a_trace_and_leaves_nothing_running(run):
    assert run.status == 128 + signal.SIGINT
    # Nobody listens to netcat any more, so it ends by itself.
    assert run.left == []
    assert "Traceback" not in run.after_ctrl_c
    assert "Exception" not in run.after_ctrl_c


@pytest.mark.claim("lab6.word-count")
def test_nobody_at_the_port_is_said_in_one_line(spark, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        port = taken.getsockname()[1]
        counts = word_count.count_words(word_count.from_socket(spark, "127.0.0.1", port))
        query = batch_or_stream.keep_table(counts, "never", str(tmp_path))
        with pytest.raises(
            ConnectionError, match=r"nothing to read from 127.0.0.1:%d \(Connection refused" % port
        ) as e:
            word_count.watch(query, "127.0.0.1", port)
        assert "\n" not in str(e.value)


@pytest.mark.claim("lab6.word-count")
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["ninety", "localhost"], "ninety is not a port: a number from 1 to 65535"),
        (["65536", "localhost"], "65536 is not a port: a number from 1 to 65535"),
        (["-1", "localhost"], "-1 is not a port: a number from 1 to 65535"),
        (["9000"], "wants a port and a host, as in word_count.py 9999 localhost"),
    ],
)
def test_what_is_not_a_port_is_said_in_one_line(monkeypatch, arguments, complaint):
    monkeypatch.setattr(sys, "argv", ["word_count.py"] + arguments)
    with pytest.raises(SystemExit) as end:
        runpy.run_path(word_count.__file__, run_name="__main__")
    assert end.value.code == "word_count.py: " + complaint


@pytest.mark.claim("lab6.make")
@pytest.mark.slow_start
def test_both_terminals_use_one_port_between_9000_and_10000(run):
    mync, mystream = run.scripts
    assert 9000 <= run.port <= 10000
    assert str(run.port) in mync
    assert "word_count.py %d localhost" % run.port in mystream


@pytest.mark.claim("lab6.make")
@pytest.mark.slow_start
def test_netcat_listens_on_this_machine_only(run):
    assert set(run.listening) == {"127.0.0.1"}


@pytest.mark.claim("lab6.make")
def test_a_port_that_is_taken_is_not_chosen(monkeypatch):
    with socket.socket() as taken, socket.socket() as free:
        taken.bind(("127.0.0.1", 0))
        free.bind(("127.0.0.1", 0))
        ports = [taken.getsockname()[1], free.getsockname()[1]]
        free.close()
        monkeypatch.setattr(random_port.random, "sample", lambda among, count: ports)
        assert random_port.free_port() == ports[1]


@pytest.mark.claim("lab6.make")
def test_the_port_is_a_random_one_from_9000_to_10000():
    ports = {random_port.free_port() for _ in range(50)}
    assert 9000 <= min(ports) < max(ports) <= 10000
    # Of 50 draws from 1001 one or two may meet, not twenty.
    assert len(ports) > 30


@pytest.mark.claim("lab6.make")
def test_terminals_that_write_at_the_same_time_agree(tmp_path):
    path = str(tmp_path / "mync.sh")
    with ThreadPool(8) as terminals:
        written = terminals.map(lambda number: random_port.write_once(path, "port %d" % number), range(8))
    assert len(set(written)) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["mync.sh"]


@pytest.mark.claim("lab6.make")
@pytest.mark.parametrize(
    ("its_help", "command"),
    [
        ("OpenBSD netcat (Debian patchlevel 1.219-1)\nusage: nc [-46CDdFhklNnrStUuvZz]", "exec nc -l 127.0.0.1 9123"),
        ("[v1.10-47]\nconnect to somewhere:\tnc [-options]", "exec nc -l -p 9123 -s 127.0.0.1"),
        ("GNU netcat 0.7.1, a rewrite of the famous networking tool.", "exec nc -l -p 9123 -s 127.0.0.1"),
        ("BusyBox v1.35.0 multi-call binary.\nUsage: nc [-l] [-p PORT]", "exec ${PYTHON:-python3} nc.py 9123"),
        ("Ncat 7.93 ( https://nmap.org/ncat )\nUsage: ncat [options]", "exec nc -l 127.0.0.1 9123"),
    ],
)
def test_every_netcat_is_told_in_its_own_way_to_listen(its_help, command):
    assert random_port.listen(9123, "nc", its_help) == command


@pytest.mark.claim("lab6.make")
def test_where_there_is_no_netcat_some_lines_of_python_do_the_same(attendee):
    port = random_port.free_port()
    assert random_port.listen(port) == "exec ${PYTHON:-python3} nc.py %d" % port
    terminal = attendee.spawn("python3 nc.py %d" % port, lab="lab6")

    def connected():
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=30)
        except ConnectionRefusedError:
            return None

    with wait_until(connected, "nc.py to listen") as connection:
        terminal.sendline("to be")
        assert connection.recv(100) == b"to be\n"
        connection.sendall(b"heard\n")
        terminal.expect("heard")
    terminal.expect(pexpect.EOF)
    terminal.wait()
    assert terminal.exitstatus == 0


@pytest.mark.claim("lab6.make")
def test_make_alone_says_what_there_is_and_make_clean_forgets_the_port(attendee):
    lab = attendee.folder / "labs" / "lab6"
    (lab / "mync.sh").write_text("")
    (lab / "mystream.sh").write_text("")
    targets = re.findall(r"^make (\w+)", attendee.run("make", lab="lab6").stdout, re.MULTILINE)
    assert set(targets) >= {"nc", "word_count", "age", "clean"}
    attendee.run("make clean", lab="lab6")
    assert not list(lab.glob("my*.sh"))
