"""How fast the suite is, as ratios within one run: ``python bench/suite.py [PYTEST ARGUMENTS]``, some fifteen minutes.

Prints the suite's seconds over those of one bare session with one job, one worker over two, a JVM per worker over the
shared one, the median in-session test, the peak memory and the slowest tests. Nothing is asserted: it is read.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil

from labproof.run import Run

ROOT = Path(__file__).resolve().parent.parent
BARE = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
print(spark.sparkContext.parallelize(range(10)).map(lambda n: n + 1).sum())
"""


def bare_seconds() -> float:
    """Seconds of a program with one session and one job, with the defaults of Spark and Java; the median of three."""
    run = Run(str(ROOT), str(ROOT / "build"))
    times = []
    for _ in range(3):
        start = time.monotonic()
        environ = {**os.environ, "JAVA_HOME": run.environ["JAVA_HOME"]}
        subprocess.run([sys.executable, "-c", BARE], env=environ, check=True, capture_output=True)
        times.append(time.monotonic() - start)
    run.close()
    return statistics.median(times)


class Memory(threading.Thread):
    """Follows the memory of a process and all its children: ``peak`` is their sum at its highest, in bytes.

    Memory that processes share is divided among them.
    """

    def __init__(self, process: subprocess.Popen) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self._process = process

    def run(self) -> None:
        """Look five times a second until the process has ended."""
        while self._process.poll() is None:
            self.peak = max(self.peak, self._now())
            time.sleep(0.2)  # the period of a measurement

    def _now(self) -> int:
        together = 0
        try:
            processes = [psutil.Process(self._process.pid)]
            processes += processes[0].children(recursive=True)
        except psutil.Error:
            return 0
        for process in processes:
            try:
                together += process.memory_full_info().pss
            except psutil.Error:
                continue
        return together


def suite(title: str, *arguments: str) -> tuple[float, int, str]:
    """Seconds, peak bytes and output of a run of the suite; ends the program when the run fails."""
    print(f"... {title}", flush=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    memory = Memory(process)
    memory.start()
    output, _ = process.communicate()
    seconds = time.monotonic() - start
    if process.returncode:
        sys.exit(f"{output}\nThe suite failed ({title}); figures of a failing suite say nothing.")
    return seconds, memory.peak, output


def main() -> None:
    """Measure, and print each figure as soon as it is there."""
    bare = bare_seconds()
    print(f"bare session and job        {bare:7.1f} s")
    chosen = sys.argv[1:]
    two, peak, _ = suite("two workers, one JVM", "-n", "2", *chosen)
    print(f"suite, two workers          {two:7.1f} s  {two / bare:5.1f} of those   (goal: 12 or less)")
    print(f"peak memory, two workers    {peak / 2**30:7.2f} GiB                  (goal: 2 or less)")
    print_seconds_of_tests()
    one, _, _ = suite("one worker", "-n", "1", *chosen)
    print(f"suite, one worker           {one:7.1f} s  {one / two:5.2f} of two      (goal: 1.6 or more)")
    apart, apart_peak, _ = suite("two workers, a JVM each", "-n", "2", "-p", "bench.jvm_per_worker", *chosen)
    print(f"suite, a JVM per worker     {apart:7.1f} s  {apart / two:5.2f} of one JVM")
    print(f"  peak memory               {apart_peak / 2**30:7.2f} GiB")


def seconds_of_tests() -> dict[str, float]:
    """The seconds of each test of the last run that has a claim, with what was set up for it."""
    record = json.loads((ROOT / "build" / "claims.json").read_text(encoding="utf-8"))
    return {test["nodeid"]: test["seconds"] for claim in record["claims"] for test in claim["tests"]}


def print_seconds_of_tests() -> None:
    """Print the median of the in-session tests of the last run, and its ten slowest of all."""
    tests = seconds_of_tests()
    listing = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "not slow_start"],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=True,
    ).stdout
    in_session = [tests[name] for name in re.findall(r"^\S+::.*$", listing, re.MULTILINE) if name in tests]
    median = statistics.median(in_session)
    print(f"median in-session test      {median:7.2f} s   of {len(in_session)} (goal: 0.5 or less)")
    for name in sorted(tests, key=lambda name: -tests[name])[:10]:
        print(f"{tests[name]:7.1f} s  {name}")


if __name__ == "__main__":
    main()
