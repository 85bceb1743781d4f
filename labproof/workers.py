"""The daemon of Python's workers for the session of a run: Spark's own, without two waits that each task has.

Spark starts it, as ``spark.python.daemon.module``. A job of two small tasks takes a third of its time on Spark 3.5.
"""

import os
import socket
import zipimport
from contextlib import suppress

from pyspark import daemon

# Before each task Spark, until 4.1, looks for new modules, for which Python, since 3.10, reads the contents of Spark's
# archives ten times. An archive that comes with a task is not among them.
zipimport.zipimporter.invalidate_caches = lambda self: None  # type: ignore[method-assign] # novermin

_run_task = daemon.worker_main


def _acknowledge_at_once(infile, outfile):
    """Spark 3 sends a task in two parts, the second when the first is acknowledged, which takes the system 40 ms."""
    connection = socket.socket(socket.AF_INET, fileno=os.dup(infile.fileno()))
    with connection, suppress(OSError, AttributeError):  # when it is not TCP, or not Linux
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    _run_task(infile, outfile)


daemon.worker_main = _acknowledge_at_once

if __name__ == "__main__":
    daemon.manager()
