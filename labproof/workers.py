"""The daemon of Python's workers for the session of a run: Spark's own, without waits that its workers have.

Spark starts it, as ``spark.python.daemon.module``. A job of two small tasks takes a third of its time on Spark 3.5.
"""

import gc
import os
import socket
import sys
import zipimport
from contextlib import suppress

import pyspark.worker  # noqa: F401 # before a worker is forked, for all of them
from pyspark import daemon

# Before each task Spark, until 4.1, looks for new modules, for which Python, since 3.10, reads the contents of Spark's
# archives ten times. An archive that comes with a task is not among them.
zipimport.zipimporter.invalidate_caches = lambda self: None  # type: ignore[method-assign] # novermin

#: A run that has more workers than these has tests enough for what each would load to be loaded beforehand.
USUAL_WORKERS = 4

_run_task = daemon.worker
_started = 0
_modules = 0


def _run(connection, authenticated):
    """Run a task, with two waits less."""
    global _modules
    # Spark 3 sends a task in two parts, the second when the first is acknowledged, which takes the system 40 ms.
    with suppress(OSError, AttributeError):  # when it is not TCP, or not Linux
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    code = _run_task(connection, authenticated)
    # After each task Spark collects garbage, 25 ms with MLlib loaded. What modules are made of is none.
    if len(sys.modules) != _modules:
        _modules = len(sys.modules)
        gc.freeze()  # novermin
    return code


def _load_beforehand():
    """Each take() ends a worker, and the next one would load MLlib anew: from Spark 4.0 on with pandas, 1.4 s."""
    global _started
    _started += 1
    # On macOS what numpy computes with may not be forked.
    if _started == USUAL_WORKERS + 1 and sys.platform != "darwin":
        with suppress(ImportError):  # without numpy
            import pyspark.mllib.linalg  # noqa: F401
    gc.freeze()  # novermin


daemon.worker = _run

if __name__ == "__main__":
    os.register_at_fork(before=_load_beforehand)  # novermin
    daemon.manager()
