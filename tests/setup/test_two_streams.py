"""Slides 9 and 29: the words that come through a socket, counted by each of the two streaming libraries."""

import socketserver
import threading
from contextlib import contextmanager

import pytest

from labproof.waiting import wait_until
from labs.lab6.word_count import count_words, from_socket
from labs.tour import two_streams

pytestmark = [pytest.mark.slow_start, pytest.mark.filterwarnings("ignore:DStream is deprecated:FutureWarning")]


@pytest.fixture(scope="module")
def two_cores(own_spark):
    """A core that listens and one that counts."""
    with own_spark("local[2]") as spark:
        yield spark


@contextmanager
def sending(text):
    """A port on loopback where everybody who connects is sent the text, and then nothing more."""
    over = threading.Event()

    class Sender(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.sendall(text.encode("utf-8"))
            over.wait()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Sender) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            over.set()
            server.shutdown()
            thread.join()


@pytest.mark.claim("streaming.two")
def test_both_libraries_count_the_same_words_of_a_socket(two_cores):
    words = {"être": 2, "or": 2, "not": 1}
    with sending("être or\nnot être\nor\n") as port:
        assert two_streams.count_socket_with_dstreams(two_cores.sparkContext, "127.0.0.1", port, words=5) == words
        counts = count_words(from_socket(two_cores, "127.0.0.1", port))
        query = counts.writeStream.outputMode("complete").format("memory").queryName("of_socket").start()
        try:
            wait_until(lambda: dict(map(tuple, two_cores.table("of_socket").collect())) == words, "the words")
        finally:
            query.stop()
