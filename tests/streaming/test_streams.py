"""Slide 29: what Structured Streaming is, shown with streams of files and of a socket."""

import socket
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from labproof.waiting import wait_until
from labs.lab6 import batch_or_stream, exactly_once, kafka_words, sources
from labs.lab6.word_count import count_words, from_socket


@pytest.fixture
def folder(tmp_path):
    """The folder that the stream watches; another for its checkpoint is beside it."""
    (tmp_path / "input").mkdir()
    return tmp_path / "input"


def checkpoint_of(folder):
    return str(folder.parent / "checkpoint")


def counts_in(table):
    return {row["word"]: row["count"] for row in table.collect()}


# Words that come again, words that do not, blanks in a row, lines with nothing in them. U+FEFF at the beginning of a
# file says how it is encoded and is no part of its text.
letter = st.characters(blacklist_categories=("Cc", "Cs"), blacklist_characters="\ufeff")
word = st.sampled_from(["", "a", "né", "🚀"]) | st.text(letter, max_size=5)
line = st.lists(word, max_size=6).map(" ".join)


@pytest.mark.claim("stream.same-as-batch")
# A stream costs ten times as much as a job.
@settings(max_examples=3)
@example(batches=[["a  b", ""], [], ["a", "b c"]])
@given(batches=st.lists(st.lists(line, max_size=8), min_size=1, max_size=4))
def test_however_the_lines_are_split_into_batches_the_stream_counts_what_the_static_table_counts(
    spark, tmp_path_factory, batches
):
    folder = tmp_path_factory.mktemp("stream") / "input"
    folder.mkdir()
    for number, lines in enumerate(batches):
        batch_or_stream.move_in(str(folder), "%d.txt" % number, "".join(line + "\n" for line in lines))
    counts = count_words(batch_or_stream.lines_to_come(spark, str(folder)))
    query = batch_or_stream.keep_table(counts, "counts", checkpoint_of(folder))
    try:
        query.processAllAvailable()
        assert len(batch_or_stream.rows_read(query)) == sum(len(lines) > 0 for lines in batches)
        in_batch = count_words(batch_or_stream.lines_there(spark, str(folder)))
        assert spark.table("counts").dtypes == in_batch.dtypes
        counted = counts_in(in_batch)
        assert counts_in(spark.table("counts")) == counted
        assert counted == Counter(word for lines in batches for line in lines for word in line.split(" "))
    finally:
        query.stop()


@pytest.mark.claim("stream.same-as-batch")
def test_the_example_prints_the_same_table_for_the_stream_and_for_the_files(spark, printout):
    batch_or_stream.main()
    tables = printout()
    after_each_file, at_once = tables.split("All files as a static table:\n")
    assert after_each_file.split("read:\n")[-1] == at_once
    assert "|       to|    4|" in at_once


@pytest.mark.claim("stream.incremental")
def test_each_batch_reads_the_new_lines_only_and_updates_the_counts_of_all(spark, folder):
    counts = count_words(batch_or_stream.lines_to_come(spark, str(folder)))
    query = batch_or_stream.keep_table(counts, "counts", checkpoint_of(folder))
    try:
        batch_or_stream.move_in(str(folder), "1.txt", "a b\na\n")
        query.processAllAvailable()
        assert batch_or_stream.rows_read(query) == [2]
        assert counts_in(spark.table("counts")) == {"a": 2, "b": 1}

        batch_or_stream.move_in(str(folder), "2.txt", "b\nb\nc\n")
        query.processAllAvailable()
        assert batch_or_stream.rows_read(query) == [2, 3]
        assert counts_in(spark.table("counts")) == {"a": 2, "b": 3, "c": 1}

        query.processAllAvailable()
        assert batch_or_stream.rows_read(query) == [2, 3]
    finally:
        query.stop()


def forget_last_commit(checkpoint):
    """What a crash between a batch's last result and the note that it is done leaves."""
    commits = Path(checkpoint) / "commits"
    last = max((file for file in commits.iterdir() if file.name.isdigit()), key=lambda file: int(file.name))
    last.unlink()
    for checksum in commits.glob(".%s.crc" % last.name):
        checksum.unlink()


@pytest.mark.claim("stream.fault-tolerant")
@pytest.mark.parametrize("crashed", [False, True], ids=["stopped", "crashed before the commit"])
def test_a_count_that_is_started_again_goes_on_where_it_was(spark, folder, crashed):
    counts = count_words(batch_or_stream.lines_to_come(spark, str(folder)))
    query = batch_or_stream.keep_table(counts, "before", checkpoint_of(folder))
    try:
        for number in 1, 2:
            batch_or_stream.move_in(str(folder), "%d.txt" % number, "a b\nc\n")
            query.processAllAvailable()
    finally:
        query.stop()
    if crashed:
        forget_last_commit(checkpoint_of(folder))
    batch_or_stream.move_in(str(folder), "3.txt", "a\n")
    query = batch_or_stream.keep_table(counts, "after", checkpoint_of(folder))
    try:
        query.processAllAvailable()
        assert batch_or_stream.rows_read(query) == ([2, 1] if crashed else [1])
        assert counts_in(spark.table("after")) == {"a": 3, "b": 2, "c": 2}
    finally:
        query.stop()


@pytest.mark.claim("stream.fault-tolerant")
def test_files_that_a_crash_left_half_done_are_neither_read_nor_written_twice(spark, folder, printout):
    target = str(folder.parent / "target")
    batch_or_stream.move_in(str(folder), "1.txt", "one\ntwo\n")
    exactly_once.main(str(folder), target)
    forget_last_commit(target + "/checkpoint")
    Path(target, "lines", "part-00000-of-a-task-that-died.txt").write_text("two\n")
    batch_or_stream.move_in(str(folder), "2.txt", "three\n")
    exactly_once.main(str(folder), target)
    assert sorted(row.value for row in exactly_once.copied(spark, target).collect()) == ["one", "three", "two"]
    assert printout() == "2 lines in {0}\n3 lines in {0}\n".format(target)


@pytest.mark.claim("stream.sources")
def test_files_are_a_source_each_line_of_each_file_arrives_once(spark, folder):
    batch_or_stream.move_in(str(folder), "before.txt", "was there\n")
    query = sources.collect_lines(batch_or_stream.lines_to_come(spark, str(folder)), "files", checkpoint_of(folder))
    try:
        query.processAllAvailable()
        batch_or_stream.move_in(str(folder), "after.txt", "came later\ncame later, too\n")
        query.processAllAvailable()
        assert [row.value for row in spark.table("files").collect()] == [
            "was there",
            "came later",
            "came later, too",
        ]
    finally:
        query.stop()


@pytest.mark.claim("stream.sources")
def test_a_socket_is_a_source_each_line_sent_arrives_once(spark, tmp_path):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        server.settimeout(60)
        query = sources.collect_lines(from_socket(spark, *server.getsockname()), "lines", str(tmp_path))
        try:
            connection, _ = server.accept()
            arrived = []
            with connection:
                for text in "to be", "or not", "né 🚀":
                    connection.sendall((text + "\n").encode("utf-8"))
                    arrived.append(text)
                    wait_until(lambda: spark.table("lines").count() >= len(arrived), "the line " + text)
                    assert [row.value for row in spark.table("lines").collect()] == arrived
        finally:
            query.stop()


@pytest.mark.claim("stream.sources")
def test_the_example_shows_a_line_of_each_source(spark, printout):
    sources.main()
    printed = printout()
    assert "|a line in a file|" in printed
    assert "|a line in a socket|" in printed


@pytest.mark.claim("stream.sources")
@pytest.mark.usefixtures("sc")
def test_kafka_without_its_connector_is_refused_with_what_to_do(spark):
    with pytest.raises(kafka_words.NoMessages, match="connector for Kafka has to be brought"):
        kafka_words.from_kafka(spark, "127.0.0.1:9092", "lines")
