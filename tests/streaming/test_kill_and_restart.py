"""Slide 29: a streaming query is killed in the middle of its work, together with its JVM, and started again."""

import pytest

from labproof.waiting import wait_until
from labs.lab6 import exactly_once

FILES = 10
LINES = ["line %d of file %d" % (line, file) for file in range(FILES) for line in range(20)]


@pytest.mark.claim("stream.fault-tolerant")
@pytest.mark.slow_start
def test_a_query_killed_in_mid_stream_and_started_again_copies_every_line_exactly_once(spark, attendee, tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    for file in range(FILES):
        (source / ("%d.txt" % file)).write_text("".join(line + "\n" for line in LINES[file * 20 :][:20]))
    command = "spark-submit exactly_once.py '%s' '%s'" % (source, target)

    def batches_done():
        commits = target / "checkpoint" / "commits"
        return len([file for file in commits.iterdir() if file.name.isdigit()]) if commits.is_dir() else 0

    first = attendee.spawn("bash -c \"exec %s > '%s' 2>&1\"" % (command, tmp_path / "log"), lab="lab6")
    wait_until(lambda: batches_done() >= 2, "the second batch")
    assert len(attendee.kill(first)) >= 2
    assert 2 <= batches_done() < FILES

    second = attendee.run(command, lab="lab6")
    assert "%d lines in %s" % (len(LINES), target) in second.stdout
    assert sorted(row.value for row in exactly_once.copied(spark, str(target)).collect()) == sorted(LINES)
