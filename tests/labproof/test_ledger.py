"""The rules that a ledger and the tests of its claims keep."""

import pytest

from labproof.ledger import Ledger, LedgerError, MarkedTest

HEAD = """
[deck]
title = "A course"
slides = 2

[[section]]
id = "basics"
title = "Basics"
"""
ADDING = """
[[claim]]
id = "adding"
section = "basics"
slide = [1, 2]
says = "One and one is two."
"""


@pytest.fixture
def ledger(tmp_path):
    def read(text, head=HEAD):
        path = tmp_path / "tests" / "claims.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(head + text, encoding="utf-8")
        return Ledger(str(path), str(tmp_path))

    return read


@pytest.mark.parametrize(
    ("text", "violation"),
    [
        (
            ADDING.replace("says", "sais"),
            "claims.toml:11: claim adding: says is missing. Remedy: add it.",
        ),
        (
            ADDING + ADDING,
            "claims.toml:11: claim adding: the id is used 2 times. Remedy: give each claim an id of its own.",
        ),
        (
            ADDING + 'colour = "red"',
            "claims.toml:11: claim adding: unknown key colour. Remedy: one of erratum, id, lab, measured, not_on,"
            " planned, reason, says, section, slide, strength.",
        ),
        (
            ADDING.replace("basics", "sums"),
            "claims.toml:11: claim adding: no section 'sums'. Remedy: one of basics.",
        ),
        (
            ADDING.replace("2]", "2, 3]"),
            "claims.toml:11: claim adding: slide [3] is not in the deck. Remedy: 1 to 2.",
        ),
        (
            ADDING.replace("1, 2]", "2]"),
            "claims.toml: slide 1 has no entry. Remedy: add its claims, or a context entry with the reason.",
        ),
        (
            ADDING + 'strength = "strong"',
            "claims.toml:11: claim adding: no strength 'strong'. Remedy: one of required, part, context.",
        ),
        (
            ADDING + 'strength = "context"',
            "claims.toml:11: claim adding: context without a reason. Remedy: say in `reason` why it cannot be tested.",
        ),
        (
            ADDING + '[[claim.erratum]]\nsince = "3.0"',
            "claims.toml:11: claim adding: erratum without `instead`. Remedy: add it.",
        ),
        (
            ADDING + '[[claim.not_on]]\nsince = "three"\nbecause = "it is so"',
            "claims.toml:11: claim adding: not_on: 'three' is no release. Remedy: like 3.0.",
        ),
        (
            ADDING + '[[claim.erratum]]\nmode = "remote"\ninstead = "it is so"',
            "claims.toml:11: claim adding: erratum: no mode 'remote'. Remedy: one of classic, connect.",
        ),
    ],
)
def test_a_broken_entry_is_told_with_file_line_rule_and_remedy(ledger, text, violation):
    with pytest.raises(LedgerError) as caught:
        ledger(text)
    assert "tests/" + violation in caught.value.violations


def test_a_ledger_that_is_not_toml_is_told_with_the_place(ledger):
    with pytest.raises(LedgerError, match=r"tests/claims\.toml: not TOML: .*line 9"):
        ledger("[[claim]\n")


MEASURED = '[[claim.measured]]\nname = "sum"\nsince = "3.0"\nvalue = 2.5\n'


def test_an_erratum_says_the_value_that_was_measured_on_the_release(ledger):
    text = '[[claim.erratum]]\nsince = "3.0"\ninstead = "It is {sum:.1f} in `{{}}`."\n'
    claim = ledger(ADDING + text + MEASURED).claims["adding"]
    assert [claim.erratum(release) for release in ("2.4.8", "3.0.0")] == [None, "It is 2.5 in `{}`."]


def test_a_note_with_a_mode_is_about_runs_in_that_mode_only(ledger):
    text = '[[claim.erratum]]\nmode = "connect"\ninstead = "Three."\n[[claim.erratum]]\ninstead = "Four."\n'
    claim = ledger(ADDING + text).claims["adding"]
    assert [claim.erratum("4.3.0", mode) for mode in ("classic", "connect")] == ["Four.", "Three. Four."]


def test_an_erratum_that_names_a_value_that_was_not_measured_is_told_with_the_release(ledger):
    text = '[[claim.erratum]]\ninstead = "It is {sum:.1f}."\n'
    with pytest.raises(LedgerError) as caught:
        ledger(ADDING + text + MEASURED)
    assert caught.value.violations == [
        "tests/claims.toml:11: claim adding: erratum on Spark 2.3.0: KeyError 'sum'."
        " Remedy: measure the value that it names."
    ]


def a_test(*claims, **more):
    folder = more.get("folder", "basics")
    nodeid = "tests/%s/test_sums.py::test_one_and_one" % folder
    return lambda root: MarkedTest(
        nodeid, str(root / "tests" / folder / "test_sums.py"), 7, claims, more.get("because")
    )


@pytest.mark.parametrize(
    ("marked", "violation"),
    [
        (
            a_test("addding"),
            "tests/basics/test_sums.py:7: test_one_and_one: claim 'addding' is not in tests/claims.toml."
            " Remedy: correct the id, or add the claim.",
        ),
        (
            a_test(),
            "tests/basics/test_sums.py:7: test_one_and_one: a test of the specification without a claim."
            " Remedy: mark it with claim(...).",
        ),
        (
            a_test("adding", "log-in", because="it needs both"),
            "tests/basics/test_sums.py:7: test_one_and_one: claim log-in is context in tests/claims.toml."
            " Remedy: make it required.",
        ),
        (
            a_test("adding", "subtracting"),
            "tests/basics/test_sums.py:7: test_one_and_one: several claims without a reason."
            " Remedy: claim(..., because=...), or a test for each.",
        ),
        (
            a_test("subtracting"),
            "tests/claims.toml:11: claim adding: no test shows it. Remedy: mark one with claim('adding'), or plan it.",
        ),
    ],
)
def test_a_test_that_disagrees_with_the_ledger_is_told_with_file_line_rule_and_remedy(
    ledger, tmp_path, marked, violation
):
    more = ADDING.replace("adding", "subtracting")
    context = ADDING.replace("adding", "log-in") + 'strength = "context"\nreason = "Nothing to run."'
    found = ledger(ADDING + more + context).violations_of_tests([marked(tmp_path)], whole=True)
    assert violation in list(found)


def test_a_claim_without_a_test_is_no_matter_when_only_some_tests_are_collected(ledger):
    assert not list(ledger(ADDING).violations_of_tests([], whole=False))


def test_a_planned_claim_and_a_context_entry_need_no_test(ledger):
    planned = ADDING + 'planned = "It needs an abacus."'
    context = ADDING.replace("adding", "log-in") + 'strength = "context"\nreason = "Nothing to run."'
    assert not list(ledger(planned + context).violations_of_tests([], whole=True))


def test_a_test_outside_the_sections_needs_no_claim(ledger, tmp_path):
    elsewhere = a_test(folder="tool")(tmp_path)
    assert not list(ledger(ADDING + 'planned = "later"').violations_of_tests([elsewhere], whole=True))


def test_a_lab_that_is_not_there_is_told(ledger):
    found = ledger(ADDING + 'lab = "labs/sums.py"').violations_of_tests([], whole=True)
    assert (
        "tests/claims.toml:11: claim adding: there is no lab labs/sums.py. Remedy: name the file under test."
        in list(found)
    )


def test_an_erratum_counts_from_its_first_release_to_the_one_before_its_last(ledger):
    bounds = '[[claim.erratum]]\nsince = "3.0"\nuntil = "3.2"\ninstead = "It is three."'
    claim = ledger(ADDING + bounds).claims["adding"]
    releases = ["2.4.8", "3.0.0", "3.1.3", "3.2.0", "4.0.0"]
    assert [claim.erratum(release) for release in releases] == [None, "It is three.", "It is three.", None, None]


def test_a_measured_value_is_that_of_the_release(ledger):
    row = '[[claim.measured]]\nname = "sum"\n'
    rows = ADDING + row + 'until = "3.0"\nvalue = 2\n' + row + 'since = "3.0"\nvalue = 3\n'
    claim = ledger(rows).claims["adding"]
    assert [claim.measured("sum", release) for release in ("2.3.0", "3.0.0")] == [2, 3]
    assert [claim.measures(name) for name in ("sum", "product")] == [True, False]
    with pytest.raises(KeyError, match="claim adding has no value 'product' for Spark 3.0.0; measured are: sum"):
        claim.measured("product", "3.0.0")
