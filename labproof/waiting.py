"""Waiting for a condition, with a deadline: the tool's and the tests' only way to wait."""

import time


def wait_until(condition, what, timeout=60.0, every=0.02):
    """Call ``condition()`` until it returns something true, and return that.

    ``timeout`` and ``every`` are seconds. Raises ``TimeoutError`` that names ``what`` was awaited.
    """
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError("waited %g s in vain for %s" % (timeout, what))
        # A poll, not a fixed wait: it ends as soon as the condition holds.
        time.sleep(every)  # between two looks
