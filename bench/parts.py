"""What the real servers cost: ``python bench/parts.py [NAME ...]``, some minutes; before: ``labproof parts fetch``.

For each part: seconds until it is ready and memory then, at the first start and at later ones, with the options that
labproof gives Java and, for comparison, with none. Memory that processes share is divided among them.

``python bench/parts.py claims``, some ten minutes: the seconds of the tests of the claims that need them with two
workers, in a run of their own and added to one of everything, also over those of one bare session with one job.
Nothing is asserted: it is read.
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
from suite import ROOT, bare_seconds, seconds_of_tests, suite

from labproof import parts
from labproof.run import Run

WARM_STARTS = 3

# What a part can be started as, beside its usual self.
OTHERWISE: dict[str, list[dict[str, Any]]] = {"hadoop": [{"jvms": 3}]}

SERVICES = (
    "tests/setup/test_hbase.py",
    "tests/sql/test_hive_store.py",
    "tests/sql/test_lab4_jdbc_postgresql.py",
    "tests/sql/test_thrift.py",
    "tests/streaming/test_kafka.py",
)


class WithoutOptions(subprocess.Popen):
    """A process whose Java gets none of the options that are about speed and memory."""

    def __init__(self, command: list[str], *args: Any, **how: Any) -> None:
        words = [re.sub(r"(^|(?<=[ =]))-X\S+ ?", "", word) for word in command]
        super().__init__([word for word in words if word], *args, **how)


def start(name: str, how: dict[str, Any]) -> tuple[float, float]:
    """Start the part on an empty folder, and stop it: seconds until it was ready, and its memory then, in MB."""
    with tempfile.TemporaryDirectory(prefix="labproof-bench-") as folder:
        before = time.monotonic()
        with parts.find(name).start(folder, **how):
            seconds = time.monotonic() - before
            return seconds, sum(map(memory, psutil.Process().children(recursive=True))) / 2**20


def memory(process: psutil.Process) -> int:
    """The bytes of a process, its share of what it has in common with others; 0 when it has just ended."""
    try:
        return process.memory_full_info().pss
    except psutil.Error:
        return 0


def measured(name: str, how: dict[str, Any]) -> str:
    """Half a row: the first start, the median of the later ones, their memory."""
    cold, _ = start(name, how)
    warm = [start(name, how) for _ in range(WARM_STARTS)]
    seconds, memory = (statistics.median(values) for values in zip(*warm, strict=True))
    return f"{cold:7.1f} {seconds:7.1f} {memory:8.0f}"


def print_parts(names: list[str]) -> None:
    """Start each part, and print its row as soon as it is there."""
    print(f"{'':14s} {'with its options':^24s}   {'with none':^24s}")
    print(f"{'part':14s} {'first s':>7s} {'later s':>7s} {'MB':>8s}   {'first s':>7s} {'later s':>7s} {'MB':>8s}")
    for name in names:
        lacking = parts.find(name).missing()
        if lacking:
            print(f"{name:14s} lacks {'; '.join(lacking)}")
            continue
        for how in [{}, *OTHERWISE.get(name, [])]:
            title = " ".join([name, *(f"{option}={value}" for option, value in how.items())])
            usual = measured(name, how)
            with patch("subprocess.Popen", WithoutOptions):
                print(f"{title:14s} {usual}   {measured(name, how)}", flush=True)


def make_archive() -> None:
    """Make the class archive, which a run of the whole suite has made; one of a few files would go without."""
    run = Run(str(ROOT), str(ROOT / "build"))
    if run.archive:
        run.make_archive()
    run.close()


def print_claims() -> None:
    """Run the tests of the claims, and print their seconds as soon as they are there."""
    bare = bare_seconds()
    print(f"bare session and job        {bare:7.1f} s")
    make_archive()
    services, _, _ = suite("claims of the services", "-n", "2", "--require-all", *SERVICES)
    print(f"claims of the services      {services:7.1f} s  {services / bare:5.1f} of those, in a run of their own")
    added = sum(seconds_of_tests().values()) / 2  # two workers, never idle
    print(f"  in one of everything      {added:7.1f} s  {added / bare:5.1f} of those   (goal: 90 s, 9)")
    clusters, _, _ = suite("claims of the clusters", "-n", "2", "--require-all", "tests/clusters")
    print(f"claims of the clusters      {clusters:7.1f} s  {clusters / bare:5.1f} of those   (goal: 480 s)")


def main() -> None:
    """Measure what is named."""
    names = sys.argv[1:]
    if names == ["claims"]:
        print_claims()
    else:
        print_parts(names or parts.names())


if __name__ == "__main__":
    main()
