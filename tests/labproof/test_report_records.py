"""Which records the report takes, and what it says of those that it refuses."""

import json
import re
import shutil
import subprocess
import sys

import pytest
from made_up import claim, outcome_of, run

from labproof import __version__, cli, doctor, record

pytest.importorskip("labproof.report")
pytest.importorskip("labproof.report.command", reason="needs its libraries: pip install 'labproof[report]'")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def good(here):
    path = here / "build" / "claims.json"
    record.write(run([claim("holds"), claim("lacking")], [outcome_of("holds")]), str(path))
    return path


def rewritten(path, change):
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    return json.dumps(content)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (lambda path: path.read_text()[:-40], "is cut off or broken, .* line \\d+ .*Run the suite again"),
        (lambda path: path.read_text() * 2, "holds more than one record"),
        (lambda path: "", "is cut off or broken"),
        (lambda path: "[]", "is not a record of labproof"),
        (lambda path: '{"results": []}', "is not a record of labproof"),
        (
            lambda path: rewritten(path, lambda it: it.update(format=2)),
            "is in format 2, .* reads format 1. Use",
        ),
        (lambda path: rewritten(path, lambda it: it.update(complete=False)), "was changed after the run"),
        (
            lambda path: rewritten(path, lambda it: it["claims"][1].update(verdict="holds", reason=None)),
            "was changed after the run",
        ),
        (lambda path: rewritten(path, lambda it: it.pop("sha256")), "was changed after the run"),
    ],
    ids=[
        "cut off",
        "twice",
        "empty",
        "a list",
        "of others",
        "another format",
        "edited",
        "a verdict edited",
        "unsealed",
    ],
)
def test_a_record_that_cannot_be_trusted_is_refused_with_the_file_and_the_reason(good, capsys, broken, reason):
    good.write_text(broken(good), encoding="utf-8")
    assert cli.main(["report"]) == 2
    output, error = capsys.readouterr()
    assert re.match("labproof: build/claims.json: " + reason, error), error
    assert output == ""
    assert not (good.parent / "claims.html").exists()


def test_what_is_no_text_is_refused(good, capsys):
    good.write_bytes(b"\xff\xfe")
    assert cli.main(["report"]) == 2
    assert "build/claims.json: cannot be read: 'utf-8' codec can't decode" in capsys.readouterr().err


def test_where_there_is_no_record_it_says_what_makes_one(here, capsys):
    assert cli.main(["report"]) == 2
    assert capsys.readouterr().err == (
        "labproof: build/claims.json: there is no record. Make one in the course's folder: pytest -n auto\n"
    )
    assert cli.main(["report", "."]) == 2
    assert "labproof: .: there is no claims.json in this folder. Make one" in capsys.readouterr().err


def test_the_same_run_is_not_shown_twice_nor_two_courses_as_one(good, here, capsys):
    copy = here / "build" / "copy" / "claims.json"
    copy.parent.mkdir()
    shutil.copy(str(good), str(copy))
    other = run([claim("holds")])
    other["deck"]["title"] = "Products"
    other["sha256"] = record.digest(other)
    record.write(other, str(here / "build" / "other" / "claims.json"))
    assert cli.main(["report", "build"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "labproof: build/copy/claims.json: is the same run as build/claims.json. Name each run once",
        "labproof: build/other/claims.json: is about the course 'Products', and build/claims.json about 'Sums'."
        " Report each by itself",
    ]


def test_all_that_is_wrong_is_told_at_once(good, here, capsys):
    (here / "cut.json").write_text("{", encoding="utf-8")
    assert cli.main(["report", "build", "cut.json", "gone.json"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[1] for line in lines] == ["cut.json", "gone.json"]


def test_the_records_that_can_be_trusted_are_shown_all_the_same(good, here, capsys):
    record.write(run([claim("holds")], spark="3.5.9"), str(here / "build" / "older" / "claims.json"))
    (here / "build" / "cut").mkdir()
    (here / "build" / "cut" / "claims.json").write_text("{", encoding="utf-8")
    assert cli.main(["report", "build"]) == 2
    output, error = capsys.readouterr()
    assert error.startswith("labproof: build/cut/claims.json: is cut off or broken")
    assert output == "Written: build/matrix.html\n"
    assert "2 runs" in (here / "build" / "matrix.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("named", [[], ["build/claims.json"], ["build"]])
def test_the_page_goes_beside_the_record(good, here, capsys, named):
    assert cli.main(["report", *named]) == 0
    assert capsys.readouterr().out == "Written: build/claims.html\n"
    assert (here / "build" / "claims.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert sorted(path.name for path in good.parent.iterdir()) == ["claims.html", "claims.json"]


def test_several_runs_become_one_matrix(good, here, capsys):
    record.write(run([claim("holds")], spark="3.5.9"), str(here / "build" / "3.5" / "claims.json"))
    assert cli.main(["report", "build"]) == 0
    assert capsys.readouterr().out == "Written: build/matrix.html\n"
    assert "<h1>Sums</h1>" in (here / "build" / "matrix.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("html", "<!doctype html>"),
        ("markdown", "| 1 | ✓ holds | It is so with holds. (holds) | 1 |"),
        ("text", "Record: build/claims.json (complete)"),
        ("json", '"verdict": "holds"'),
    ],
)
def test_each_format_can_go_to_the_terminal_and_into_a_file(good, here, capsys, kind, words):
    assert cli.main(["report", "--format", kind, "--output", "-"]) == 0
    assert words in capsys.readouterr().out
    assert cli.main(["report", "--format", kind, "--output", "new/report"]) == 0
    assert words in (here / "new" / "report").read_text(encoding="utf-8")


def test_json_of_one_run_is_its_record(good, capsys):
    assert cli.main(["report", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(good.read_text(encoding="utf-8"))


def test_a_place_that_cannot_be_written_is_told(good, capsys):
    assert cli.main(["report", "--output", "build/claims.json/page.html"]) == 2
    assert re.match("labproof: build/claims.json.*: (Not a directory|File exists)", capsys.readouterr().err)


def test_who_reads_only_the_beginning_gets_no_error(good):
    command = [sys.executable, "-m", "labproof", "report", "--format", "json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=60) == 0


def test_without_its_libraries_the_report_says_how_to_get_them(good, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "labproof.report", None)
    assert cli.main(["report"]) == 2
    assert capsys.readouterr().err.endswith(". Remedy: pip install 'labproof[report]'\n")


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--version"], 0, "labproof " + __version__),
        (["--help"], 0, "report"),
        ([], 2, "the following arguments are required: COMMAND"),
        (["reprot"], 2, "invalid choice: 'reprot'"),
        (["report", "--format", "pdf"], 2, "invalid choice: 'pdf'"),
    ],
)
def test_the_command_says_its_version_and_what_it_takes(capsys, arguments, status, words):
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    assert end.value.code == status
    assert words in "".join(capsys.readouterr())


def test_the_doctor_takes_its_own_options(monkeypatch):
    monkeypatch.setattr(doctor, "main", lambda arguments: arguments)
    assert cli.main(["doctor", "--lab", "5"]) == ["--lab", "5"]
