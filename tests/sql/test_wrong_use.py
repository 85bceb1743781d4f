"""Wrong use of the labs ends with one line, and no page of Java, on a terminal where Spark logs what it logs.

A Spark of its own for each costs more than all the rest, so one process runs them one after the other.
"""

import pytest

pytestmark = pytest.mark.slow_start

RUN = """
import runpy, sys
for command in {commands}:
    sys.argv = command.split()
    sys.stderr.write("$ %s\\n" % command)
    try:
        runpy.run_path("labs/" + sys.argv[0], run_name="__main__")
    except SystemExit as end:
        # So does Python itself, and ends with exit status 1.
        sys.stderr.write("%s\\n" % end.code)
# What Spark says when it ends is not the labs'.
sys.stderr.write("$ end\\n")
"""
PEOPLE = ["Michael, 29", "Andy, 30", "Justin, 19", "Ada, 36", "Cem, 20", "Zoë, 17", "Dunja; 40", "Emil", "Fatou, 7"]
# rdd_df.py last: it lowers the level of the log.
COMMANDS = ["lab4/sql.py nowhere.json", "lab4/rdd2df.py people.txt", "lab1/rdd_df.py nowhere.txt"]


@pytest.fixture(scope="module")
def said(attendee_of_module):
    """What was written to standard error, by command."""
    (attendee_of_module.folder / "people.txt").write_bytes("\n".join(PEOPLE).encode("utf-8"))
    text = attendee_of_module.run(["python", "-c", RUN.format(commands=COMMANDS)]).stderr
    return {part.split("\n")[0]: part for part in text.split("$ ")}


@pytest.mark.parametrize(
    ("command", "line"),
    [
        pytest.param(
            "lab4/sql.py nowhere.json",
            "sql.py: cannot read nowhere.json: Input path does not exist: file:{folder}/nowhere.json",
            marks=pytest.mark.claim("lab4.sql"),
            id="sql.py, a missing file",
        ),
        pytest.param(
            "lab4/rdd2df.py people.txt",
            "rdd2df.py: people.txt, line 7: expected NAME, AGE but found 'Dunja; 40'",
            marks=pytest.mark.claim("lab4.rdd2df"),
            id="rdd2df.py, a malformed line",
        ),
        pytest.param(
            "lab1/rdd_df.py nowhere.txt",
            "Path does not exist: file:{folder}/nowhere.txt",
            marks=pytest.mark.claim("sql.lab1"),
            id="rdd_df.py, a missing file",
        ),
    ],
)
def test_it_is_told_in_one_line(said, attendee_of_module, command, line):
    script = command.split("/")[1].split(" ")[0]
    [told] = [words for words in said[command].splitlines() if words.startswith(script + ": ")]
    assert line.format(folder=attendee_of_module.folder) in told
    assert "Traceback" not in said[command]
    assert "\tat " not in said[command]
