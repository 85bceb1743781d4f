"""Several runs side by side."""

import io
import json
import re

import pytest
from made_up import Page, claim, outcome_of, run

pytest.importorskip("labproof.report")
page = pytest.importorskip("labproof.report.page", reason="needs its libraries: pip install 'labproof[report]'")
matrix = pytest.importorskip("labproof.report.matrix")
terminal = pytest.importorskip("labproof.report.terminal", reason="needs rich: pip install 'labproof[report]'")


def with_outcome(outcome, **about):
    """A run in which the claim ``a`` came out so, and the claim ``same`` held."""
    reason = None if outcome == "passed" else "because"
    tests = [outcome_of("a", outcome=outcome, reason=reason), outcome_of("same")]
    return run([claim("a", 2), claim("same", 1)], tests, **about)


@pytest.mark.parametrize(
    ("runs", "difference"),
    [
        ([("3.5.9", "passed", {}), ("4.0.5", "passed", {})], None),
        ([("3.5.9", "passed", {}), ("4.0.5", "failed", {})], "holds; from Spark 4.0.5 on: fails"),
        (
            [("2.3.0", "passed", {}), ("3.10.1", "failed", {}), ("3.9.0", "failed", {}), ("4.0.5", "passed", {})],
            "holds; from Spark 3.9.0 on: fails; from Spark 4.0.5 on: holds",
        ),
        (
            [("4.0.5", "passed", {"mode": "classic"}), ("4.0.5", "skipped", {"mode": "connect"})],
            "with mode classic: holds; with mode connect: not checked",
        ),
        (
            [
                ("4.0.5", "passed", {"java": "17.0.1"}),
                ("4.0.5", "failed", {"java": "21.0.1"}),
                ("4.1.4", "passed", {"java": "1.8.0"}),
            ],
            "with java 17, 8: holds; with java 21: fails",
        ),
        (
            [
                ("4.0.5", "passed", {"java": "17", "python": "3.11.1"}),
                ("4.0.5", "failed", {"java": "17", "python": "3.12.1"}),
                ("4.0.5", "passed", {"java": "21", "python": "3.12.1"}),
            ],
            "differs: holds, fails",
        ),
        ([("3.5.9", "passed", {}), ("4.0.5", "failed", {"complete": False})], None),
    ],
    ids=["same", "by release", "and back", "by mode", "by java", "by neither", "an incomplete run has no say"],
)
def test_where_runs_differ_it_says_by_what(runs, difference):
    records = [
        with_outcome(outcome, spark=spark, started="2026-11-22T09:00:%02dZ" % number, **about)
        for number, (spark, outcome, about) in enumerate(runs)
    ]
    found = {row.claim["id"]: row.difference for row in matrix.compare(records).rows}
    assert found == {"a": difference, "same": None}


def test_runs_stand_from_the_oldest_spark_to_the_newest_with_what_tells_them_apart():
    found = matrix.compare(
        [
            with_outcome("passed", spark=spark, python=python)
            for spark, python in [("4.0.5", "3.11.7"), ("3.10.0", "3.9.1")]
        ]
    )
    assert [(each.spark, each.facts) for each in found.runs] == [
        ("3.10.0", {"python": "3.9"}),
        ("4.0.5", {"python": "3.11"}),
    ]
    assert found.shared["java"] == "17"
    assert [row.claim["id"] for row in found.rows] == ["same", "a"], "in the order of the deck"


def test_the_same_run_again_is_told_apart_by_its_time():
    found = matrix.compare([with_outcome("passed", started="2026-11-22T09:0%d:00Z" % minute) for minute in (0, 1)])
    assert [each.facts for each in found.runs] == [
        {"started": "22 Nov 2026, 09:00 UTC"},
        {"started": "22 Nov 2026, 09:01 UTC"},
    ]


def test_a_claim_that_a_run_did_not_ask_is_no_difference():
    whole = with_outcome("passed")
    part = run([claim("a"), claim("same")], [outcome_of("a")], selection="tests/a", started="2026-11-22T10:00:00Z")
    older = run([claim("same")], started="2026-11-22T11:00:00Z")
    rows = {row.claim["id"]: row for row in matrix.compare([whole, part, older]).rows}
    assert [cell.verdict for cell in rows["a"].cells] == ["holds", "holds", None]
    assert [cell.verdict for cell in rows["same"].cells] == ["holds", None, "holds"]
    assert not any(row.difference for row in rows.values())


@pytest.fixture(scope="module")
def three():
    return matrix.compare(
        [
            with_outcome("passed", spark="3.5.9"),
            with_outcome("failed", spark="4.0.5"),
            with_outcome("passed", spark="4.3.0", complete=False),
        ]
    )


def test_its_page_begins_with_what_differs_and_marks_the_incomplete_run(three):
    html = page.html_of_matrix(three)
    found = Page(html)
    assert html.index("What differs") < html.index("Holds; from Spark 4.0.5 on: fails") < html.index("What is the same")
    assert "Spark 4.3.0 is incomplete" in html
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", html, re.DOTALL)
    assert [re.findall(r'<td class="(\w*)".*?class="mark ([\w-]+)"', row) for row in rows] == [
        [("", "holds"), ("", "fails"), ("unfinished", "holds")],
        [("", "holds"), ("", "holds"), ("unfinished", "holds")],
    ]
    assert [th.get("scope") for th in found.elements["th"]].count("row") == 2


def test_markdown_tells_of_the_runs_then_has_a_row_for_each_claim(three):
    lines = page.markdown_of_matrix(three).replace("\xa0", " ").splitlines()
    runs = [line for line in lines if "22 Nov 2026" in line]
    assert runs[1:] == [
        "| 4.0.5 | 22 Nov 2026, 09:00 UTC | 1 min 33 s | 1 | 0 | 0 | 0 | 1 |",
        "| 4.3.0 (incomplete) | 22 Nov 2026, 09:00 UTC | 1 min 33 s | 2 | 0 | 0 | 0 | 0 |",
    ]
    assert "| claim | 3.5.9 | 4.0.5 | 4.3.0 (incomplete) |" in lines
    row = "| It is so with a. (a) | ✓ | ✗ | ✓ |"
    assert lines.index("## What differs") < lines.index(row) < lines.index("## What is the same everywhere")
    assert "| It is so with same. (same) | ✓ | ✓ | ✓ |" in lines


def test_below_what_differs_markdown_says_why(three):
    markdown = page.markdown_of_matrix(three)
    assert "\n- **a**, slide 2\n  - 3.5.9: holds\n  - 4.0.5: fails. because\n  - 4.3.0: holds\n" in markdown


def test_a_claim_that_is_to_be_said_in_other_words_from_some_release_on_differs():
    told = [{"instead": "Say this.", "until": "4.0"}, {"instead": "Say that.", "since": "4.0"}]
    releases = ("3.4.4", "3.5.9", "4.0.5", "4.3.0")
    found = matrix.compare([run([claim("a", erratum=told)], spark=spark) for spark in releases])
    (row,) = found.different
    assert row.difference == "say it differently; from Spark 4.0.5 on: say it differently, in other words"
    assert [(said.releases, said.text) for said in row.said] == [
        ("3.4.4 to 3.5.9", "Say this."),
        ("4.0.5 to 4.3.0", "Say that."),
    ]
    html = page.html_of_matrix(found)
    assert "<li>3.4.4 to 3.5.9: Say this.</li>" in html


def test_the_terminal_shows_what_differs(three):
    written = io.StringIO()
    terminal.write_matrix(terminal.Console(file=written, width=100), three)
    text = written.getvalue()
    assert "holds; from Spark 4.0.5 on: fails" in text
    assert "incomplete" in text
    assert "1 claims are the same everywhere" in text


def test_where_nothing_differs_it_says_so():
    same = matrix.compare([with_outcome("passed", spark=spark) for spark in ("3.5.9", "4.0.5")])
    written = io.StringIO()
    terminal.write_matrix(terminal.Console(file=written, width=100), same)
    nothing = "every claim got the same verdict wherever it was asked."
    assert nothing in written.getvalue()
    assert nothing in page.html_of_matrix(same)
    assert nothing in page.markdown_of_matrix(same)


def test_json_has_the_verdicts_by_run(three):
    found = json.loads(json.dumps(matrix.as_json(three)))
    assert [(each["spark"], each["state"]) for each in found["runs"]] == [
        ("3.5.9", "complete"),
        ("4.0.5", "complete"),
        ("4.3.0", "incomplete"),
    ]
    assert [(each["id"], each["verdicts"], each["difference"]) for each in found["claims"]] == [
        ("same", ["holds", "holds", "holds"], None),
        ("a", ["holds", "fails", "holds"], "holds; from Spark 4.0.5 on: fails"),
    ]
