"""Slides 32 and 33: the average age in CSV files that are moved in."""

import os
import re
import runpy
import sys

import psutil
import pytest

from labs.lab6 import age, batch_or_stream


@pytest.mark.claim("lab6.age", "local.submit", because="slide 34 says again what slide 33 shows")
@pytest.mark.slow_start
def test_after_each_file_that_is_moved_in_the_new_average_is_shown(attendee):
    terminal = attendee.spawn("bash --norc", lab="lab6")
    terminal.sendline("source env.sh")
    terminal.sendline("make age")
    terminal.expect("Running Spark version")
    averages = []
    for number in 1, 2, 3, 4:
        attendee.run("mv tmp/%d.csv input_csv/" % number, lab="lab6")
        terminal.expect(r"\|avg\(age\)\|\r\n\+-+\+\r\n\| *(.*?)\|\r\n")
        averages.append(terminal.match.group(1))
    assert averages == ["30.0", "35.0", "35.0", "40.0"]

    processes = psutil.Process(terminal.pid).children(recursive=True)
    terminal.sendintr()
    terminal.sendline("echo status $?")
    terminal.expect(r"status (\d+)\r")
    assert terminal.match.group(1) == "130"
    assert "Traceback" not in terminal.before
    assert psutil.wait_procs(processes, timeout=10)[1] == []


@pytest.mark.claim("lab6.age")
def test_a_missing_folder_ends_the_lab_with_one_line(spark, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["age.py", str(tmp_path / "missing")])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(age.__file__, run_name="__main__")
    assert re.match(r"age\.py: .*Path does not exist: .*/missing[^\n]*$", end.value.code)


@pytest.fixture
def average(spark, tmp_path):
    """The folder that the query of age.py watches, and a function that gives the average once it has read all."""
    folder = tmp_path / "input_csv"
    folder.mkdir()
    result = age.average_age(age.people(spark, str(folder)))
    query = batch_or_stream.keep_table(result, "age", str(tmp_path / "checkpoint"))

    def of_all_there():
        query.processAllAvailable()
        return spark.table("age").collect()[0][0]

    yield folder, of_all_there
    query.stop()


@pytest.mark.claim("lab6.mv-not-cp")
def test_a_file_that_is_moved_in_counts_in_full(average, tmp_path):
    folder, of_all_there = average
    (tmp_path / "1.csv").write_text("Ada;20\nBoris;40\n")
    os.rename(str(tmp_path / "1.csv"), str(folder / "1.csv"))
    assert of_all_there() == 30
    (tmp_path / "2.csv").write_text("Cem;60\n")
    os.rename(str(tmp_path / "2.csv"), str(folder / "2.csv"))
    assert of_all_there() == 40


@pytest.mark.claim("lab6.mv-not-cp")
def test_of_a_file_that_grows_after_it_was_seen_the_rest_is_lost_however_late(average, tmp_path):
    folder, of_all_there = average
    half_copied = folder / "1.csv"
    half_copied.write_text("Ada;20\n")
    assert of_all_there() == 20
    with half_copied.open("a") as file:
        file.write("Boris;40\n")
    assert of_all_there() == 20
    # The folder has been looked at again when the next file counts: Boris still does not.
    (tmp_path / "2.csv").write_text("Cem;60\n")
    os.rename(str(tmp_path / "2.csv"), str(folder / "2.csv"))
    assert of_all_there() == 40
    with half_copied.open("a") as file:
        file.write("Dana;80\n")
    (tmp_path / "3.csv").write_text("Emil;40\n")
    os.rename(str(tmp_path / "3.csv"), str(folder / "3.csv"))
    assert of_all_there() == 40
