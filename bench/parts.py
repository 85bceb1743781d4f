"""What the real servers cost: ``python bench/parts.py [NAME ...]``, some minutes; before: ``labproof parts fetch``.

For each part: seconds until it is ready and memory then, at the first start and at later ones, with the options that
labproof gives Java and, for comparison, with none. Memory that processes share is divided among them.
"""

import re
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any
from unittest.mock import patch

import psutil

from labproof import parts

WARM_STARTS = 3


class WithoutOptions(subprocess.Popen):
    """A process whose Java gets none of the options that are about speed and memory."""

    def __init__(self, command: list[str], *args: Any, **how: Any) -> None:
        words = [re.sub(r"(^|(?<=[ =]))-X\S+ ?", "", word) for word in command]
        super().__init__([word for word in words if word], *args, **how)


def start(name: str) -> tuple[float, float]:
    """Start the part on an empty folder, and stop it: seconds until it was ready, and its memory then, in MB."""
    with tempfile.TemporaryDirectory(prefix="labproof-bench-") as folder:
        before = time.monotonic()
        with parts.find(name).start(folder):
            seconds = time.monotonic() - before
            return seconds, sum(map(memory, psutil.Process().children(recursive=True))) / 2**20


def memory(process: psutil.Process) -> int:
    """The bytes of a process, its share of what it has in common with others; 0 when it has just ended."""
    try:
        return process.memory_full_info().pss
    except psutil.Error:
        return 0


def measured(name: str) -> str:
    """One row: the first start, the median of the later ones, their memory."""
    cold, _ = start(name)
    warm = [start(name) for _ in range(WARM_STARTS)]
    seconds, memory = (statistics.median(values) for values in zip(*warm, strict=True))
    return f"{cold:7.1f} {seconds:7.1f} {memory:8.0f}"


def main() -> None:
    """Measure and print."""
    print(f"{'':12s} {'with its options':^24s}   {'with none':^24s}")
    print(f"{'part':12s} {'first s':>7s} {'later s':>7s} {'MB':>8s}   {'first s':>7s} {'later s':>7s} {'MB':>8s}")
    for name in sys.argv[1:] or parts.names():
        lacking = parts.find(name).missing()
        if lacking:
            print(f"{name:12s} lacks {'; '.join(lacking)}")
            continue
        usual = measured(name)
        with patch("subprocess.Popen", WithoutOptions):
            print(f"{name:12s} {usual}   {measured(name)}", flush=True)


if __name__ == "__main__":
    main()
