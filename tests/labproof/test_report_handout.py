"""The handout: the deck as its tests state it."""

import os
from pathlib import Path

import pytest

from labproof import cli

pytest.importorskip("labproof.report")
handout = pytest.importorskip("labproof.report.handout")

LEDGER = """
[deck]
title = "Sums"
slides = 2
[[section]]
id = "sums"
title = "Adding"
[[claim]]
id = "adding"
section = "sums"
slide = [1, 2]
says = "One and one is `2`, always."
lab = "labs/sum.py"
[[claim.erratum]]
since = "3.0"
instead = "It is {sum:.1f}."
[[claim.measured]]
name = "sum"
until = "4.0"
value = 2.25
[[claim.measured]]
name = "sum"
since = "4.0"
value = 2.5
[[claim.not_on]]
until = "2.4"
because = "There were no sums."
[[claim]]
id = "taking"
section = "sums"
slide = [2]
says = "One less one is none."
planned = "Needs a calculator."
[[claim]]
id = "around"
section = "sums"
slide = [2]
says = "It is fun."
strength = "context"
reason = "Nothing to run."
"""
TESTS = '''
import pytest
claim = pytest.mark.claim

@pytest.mark.claim("adding")
def test_one_and_one_is_two(): pass

def helper(): """@pytest.mark.claim("adding")"""

@claim("taking", "adding", because="they are one")
@pytest.mark.slow_start
def test_there_and_back_again(): pass

BOTH = [pytest.param(1, marks=claim("adding")), pytest.param(2, marks=pytest.mark.claim("taking"))]

@pytest.mark.parametrize("number", BOTH)
def test_in_both_ways(number): pass

def test_of_the_tool(): pass
'''
HANDOUT = """\
# Sums: the deck as its tests state it

<!-- Written from tests/claims.toml and the tests by `labproof handout`; `--check` fails when this has drifted. -->

Every claim of the deck, slide by slide, and below it what its tests show. A sentence that begins with "Say instead" is
what is true where the deck is not.

## Adding

### Slide 1

**One and one is `2`, always.** `adding`, [labs/sum.py](../labs/sum.py)

- One and one is two
- There and back again
- In both ways

> Say instead on Spark 3.0.3, 3.1.3, 3.2.4, 3.3.4, 3.4.4, 3.5.9: It is 2.2.

> Say instead on Spark 4.0.5, 4.1.4, 4.2.1, 4.3.0: It is 2.5.

> Not a claim about Spark before Spark 2.4: There were no sums.

### Slide 2

**One less one is none.** `taking`

- There and back again
- In both ways

> Not checked: Needs a calculator.

It is fun. Nothing to run: Nothing to run.

Also here: `adding` (slide 1)
"""


@pytest.fixture
def course(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests" / "sums").mkdir(parents=True)
    (tmp_path / "tests" / "claims.toml").write_text(LEDGER, encoding="utf-8")
    (tmp_path / "tests" / "sums" / "test_sums.py").write_text(TESTS, encoding="utf-8")
    return tmp_path


def test_it_has_each_claim_with_the_names_of_its_tests_and_what_to_say_instead(course, capsys):
    assert cli.main(["handout"]) == 0
    assert capsys.readouterr().out == "Written: docs/claims.md\n"
    assert (course / "docs" / "claims.md").read_text(encoding="utf-8") == HANDOUT


def test_what_has_drifted_is_shown_and_fails(course, capsys):
    cli.main(["handout"])
    assert cli.main(["handout", "--check"]) == 0
    tests = course / "tests" / "sums" / "test_sums.py"
    tests.write_text(TESTS.replace("one_and_one_is_two", "two_is_one_and_one"), encoding="utf-8")
    capsys.readouterr()
    assert cli.main(["handout", "--check"]) == 1
    output = capsys.readouterr().out
    assert "-- One and one is two\n+- Two is one and one\n" in output
    assert output.endswith("docs/claims.md has drifted from the ledger and the tests. Remedy: labproof handout\n")
    assert (course / "docs" / "claims.md").read_text(encoding="utf-8") == HANDOUT, "it only looked"


def test_without_a_ledger_or_with_a_broken_one_it_says_so(course, capsys):
    assert cli.main(["handout", "--ledger", "gone.toml"]) == 2
    assert capsys.readouterr().err.endswith("gone.toml: No such file or directory\n")
    (course / "tests" / "claims.toml").write_text(LEDGER.replace("says", "sais"), encoding="utf-8")
    assert cli.main(["handout"]) == 2
    assert "labproof: tests/claims.toml:9: claim adding: says is missing." in capsys.readouterr().err


def test_it_finds_the_claims_that_pytest_finds(request):
    """In what was collected; in a run of all, every test of the specification."""
    tests = Path(__file__).resolve().parents[1]
    found = handout.tests_in(tests)
    for item in request.session.items:
        for marker in item.iter_markers("claim"):
            for claim in marker.args:
                assert item.originalname in found[claim], os.path.relpath(str(item.fspath))
