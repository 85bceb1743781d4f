"""Slide 29: Kafka as a source and a sink, with a real broker and a client that knows nothing of Spark."""

import os
import signal
from collections import Counter
from contextlib import closing

import pytest
from pyspark.sql.utils import StreamingQueryException

from labproof.parts.kafka import client
from labproof.waiting import wait_until
from labs.lab6 import kafka_words, sources
from labs.lab6.word_count import count_words

pytestmark = [pytest.mark.claim("stream.sources"), pytest.mark.slow_start]


@pytest.fixture(scope="module")
def kafka(part):
    """What clients need to know of the run's broker."""
    return part("kafka")


@pytest.fixture(scope="module")
def spark(kafka, own_spark):
    """A Spark with the connector, which has to be there when the JVM starts."""
    with own_spark("local[2]", class_path=kafka["connector"]) as spark:
        yield spark


def create(servers, *topics):
    """Topics of two partitions each."""
    admin = client().admin
    with closing(admin.KafkaAdminClient(bootstrap_servers=servers)) as open_admin:
        open_admin.create_topics([admin.NewTopic(topic, num_partitions=2, replication_factor=1) for topic in topics])


def produce(servers, topic, messages):
    """Send messages, each a dict with value and what else it has; they have arrived on return."""
    with closing(client().KafkaProducer(bootstrap_servers=servers, acks="all")) as producer:
        sent = [producer.send(topic, **message) for message in messages]
        producer.flush()
        for one in sent:
            one.get()


def lines(*texts):
    return [{"value": text.encode("utf-8")} for text in texts]


#: A message without a value, which in Kafka says that the key is gone.
TOMBSTONE = {"key": b"gone", "value": None}


def consume(servers, topic):
    """All messages that a topic has now, as pairs of texts, those of a key in the order of their offsets."""
    with closing(client().KafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False)) as consumer:
        partitions = [client().TopicPartition(topic, number) for number in (0, 1)]
        consumer.assign(partitions)
        consumer.seek_to_beginning()
        ends = consumer.end_offsets(partitions)
        found = []
        while any(consumer.position(partition) < ends[partition] for partition in partitions):
            for messages in consumer.poll(timeout_ms=1000).values():
                found += [(message.key.decode("utf-8"), message.value.decode("utf-8")) for message in messages]
        return found


def counts_in(servers, topic):
    """The last count of each word."""
    return {word: int(count) for word, count in consume(servers, topic)}


def test_words_of_a_client_outside_spark_are_counted_and_the_counts_reach_another(spark, kafka, tmp_path):
    servers = kafka["servers"]
    create(servers, "lines", "words")
    produce(servers, "lines", lines("to be or not to be", "né 🚀", "be") + [TOMBSTONE])
    messages = kafka_words.from_kafka(spark, servers, "lines")
    counts = count_words(kafka_words.lines_of(messages))
    query = kafka_words.write_counts(counts, servers, "words", str(tmp_path))
    try:
        query.processAllAvailable()
        at_first = consume(servers, "words")
        assert dict(at_first) == {"to": "2", "be": "3", "or": "1", "not": "1", "né": "1", "🚀": "1"}
        produce(servers, "lines", lines("to"))
        query.processAllAvailable()
        assert Counter(consume(servers, "words")) - Counter(at_first) == {("to", "3"): 1}
    finally:
        query.stop()


def test_a_message_has_key_value_partition_offset_and_headers(spark, kafka, tmp_path, measured, record_property):
    record_property("connector", kafka["connector_version"])
    servers = kafka["servers"]
    create(servers, "messages")
    produce(
        servers,
        "messages",
        [
            {"value": b"a", "key": b"k", "partition": 1, "headers": [("lang", b"en"), ("lang", b"fr")]},
            {"value": b"b", "key": None, "partition": 1},
            dict(TOMBSTONE, partition=0),
        ],
    )
    messages = kafka_words.from_kafka(spark, servers, "messages")
    query = sources.collect_lines(messages, "messages", str(tmp_path))
    try:
        query.processAllAvailable()
        rows = spark.table("messages").orderBy("partition", "offset").collect()
    finally:
        query.stop()
    assert [(row.key, row.value, row.topic, row.partition, row.offset) for row in rows] == [
        (b"gone", None, "messages", 0, 0),
        (b"k", b"a", "messages", 1, 0),
        (None, b"b", "messages", 1, 1),
    ]
    headers = [row.asDict().get("headers") or [] for row in rows]
    assert [[[name, value.decode()] for name, value in of_row] for of_row in headers] == measured("headers")


@pytest.mark.parametrize(("starting", "arrive"), [("earliest", ["before", "after"]), ("latest", ["after"])])
def test_a_query_starts_with_the_earliest_message_or_after_the_latest(spark, kafka, tmp_path, starting, arrive):
    servers, topic = kafka["servers"], "from_" + starting
    create(servers, topic)
    produce(servers, topic, lines("before"))
    messages = kafka_words.from_kafka(spark, servers, topic, starting)
    query = sources.collect_lines(kafka_words.lines_of(messages), topic, str(tmp_path))
    try:
        query.processAllAvailable()
        produce(servers, topic, lines("after"))
        query.processAllAvailable()
        assert [row.value for row in spark.table(topic).collect()] == arrive
    finally:
        query.stop()


def test_both_partitions_are_read_and_each_in_the_order_it_has(spark, kafka, tmp_path):
    servers = kafka["servers"]
    create(servers, "ordered")
    sent = [{"value": b"%d" % number, "partition": number % 2} for number in range(100)]
    produce(servers, "ordered", sent)
    query = sources.collect_lines(kafka_words.from_kafka(spark, servers, "ordered"), "ordered", str(tmp_path))
    try:
        query.processAllAvailable()
        rows = spark.table("ordered").collect()
    finally:
        query.stop()
    for partition in 0, 1:
        assert [int(row.value) for row in rows if row.partition == partition] == list(range(partition, 100, 2))


def test_a_topic_that_is_not_there_is_told(spark, kafka, tmp_path, measured):
    messages = kafka_words.lines_of(kafka_words.from_kafka(spark, kafka["servers"], "no_such_topic"))
    query = kafka_words.write_counts(count_words(messages), kafka["servers"], "words", str(tmp_path))
    told = False
    try:
        query.processAllAvailable()
    except StreamingQueryException:
        with pytest.raises(kafka_words.NoMessages, match="has not both topics"):
            kafka_words.watch(query, kafka["servers"])
        told = True
    finally:
        query.stop()
    assert told == measured("a missing topic is told")


WORDS = ["word%d" % number for number in range(50)]


def many_lines(count, start):
    """Lines of ten words each, no two alike."""
    return [" ".join(WORDS[(line * line + place) % 50] for place in range(10)) for line in range(start, start + count)]


def test_when_broker_and_query_are_killed_in_mid_stream_every_line_is_counted_exactly_once(
    own_part, attendee, tmp_path
):
    folder = tmp_path / "kafka"
    folder.mkdir()
    sent = many_lines(8000, 0)
    with own_part("kafka", str(folder)) as kafka:
        servers = kafka["servers"]
        # In the place of --packages, which would want a network.
        attendee.environ["SPARK_DIST_CLASSPATH"] = kafka["connector"]
        command = "spark-submit kafka_words.py %s lines words '%s'" % (servers, tmp_path / "checkpoint")
        create(servers, "lines", "words")
        produce(servers, "lines", lines(*sent))
        first = attendee.spawn("bash -c \"exec %s > '%s' 2>&1\"" % (command, tmp_path / "first.log"), lab="lab6")
        wait_until(lambda: counts_in(servers, "words"), "the first counts", timeout=600, every=0.2)
        os.kill(kafka["pid"], signal.SIGKILL)
    with own_part("kafka", str(folder)) as kafka:
        assert kafka["servers"] == servers
        counted = sum(counts_in(servers, "words").values())
        assert counted < 10 * len(sent)
        # The query has outlived the broker, and goes on.
        wait_until(
            lambda: sum(counts_in(servers, "words").values()) > counted, "further counts", timeout=600, every=0.2
        )
        assert len(attendee.kill(first)) >= 2
        assert sum(counts_in(servers, "words").values()) < 10 * len(sent)
        more = many_lines(500, len(sent))
        produce(servers, "lines", lines(*more))
        expected = Counter(word for line in sent + more for word in line.split(" "))
        second = attendee.spawn("bash -c \"exec %s > '%s' 2>&1\"" % (command, tmp_path / "second.log"), lab="lab6")
        total = sum(expected.values())
        wait_until(
            lambda: not second.isalive() or sum(counts_in(servers, "words").values()) >= total,
            "all counts",
            timeout=600,
            every=1,
        )
        assert second.isalive(), (tmp_path / "second.log").read_text(encoding="utf-8")
        messages = consume(servers, "words")
        assert {word: int(count) for word, count in messages} == expected
        # It went on where it was: no word was ever counted anew.
        for word in WORDS:
            counts = [int(count) for counted_word, count in messages if counted_word == word]
            assert counts == sorted(counts)
        attendee.kill(second)
