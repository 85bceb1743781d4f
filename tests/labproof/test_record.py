"""The verdict on a claim, from the outcomes of its tests."""

import json

import pytest

from labproof import record
from labproof.ledger import Claim


def claim(**more):
    entry = {"id": "adding", "section": "basics", "slide": [1], "says": "One and one is two."}
    entry.update(more)
    return Claim(entry, 1)


def outcome(kind, reason=None):
    return {"nodeid": "t", "outcome": kind, "reason": reason}


PASSED, FAILED, SKIPPED = outcome("passed"), outcome("failed", "t: it was three"), outcome("skipped", "needs an abacus")
NOT_HERE = outcome("skipped", record.NOT_HERE + "no RDDs")
ERRATUM = [{"since": "3.0", "instead": "It is three."}]


@pytest.mark.parametrize(
    ("of", "spark", "tests", "expected"),
    [
        (claim(), "4.3.0", [PASSED], ("holds", None)),
        (claim(erratum=ERRATUM), "2.4.8", [PASSED], ("holds", None)),
        (claim(erratum=ERRATUM), "4.3.0", [PASSED], ("holds-with-erratum", "It is three.")),
        (claim(erratum=ERRATUM), "4.3.0", [PASSED, FAILED], ("fails", "t: it was three")),
        (claim(), "4.3.0", [PASSED, SKIPPED], ("not-checked", "needs an abacus")),
        (claim(), "4.3.0", [NOT_HERE], ("not-on-this-version", "no RDDs")),
        (claim(), "4.3.0", [NOT_HERE, SKIPPED], ("not-checked", "needs an abacus; not on this target: no RDDs")),
        (claim(), "4.3.0", [NOT_HERE, PASSED], ("not-on-this-version", "no RDDs")),
        (claim(erratum=ERRATUM), "4.3.0", [NOT_HERE], ("not-on-this-version", "no RDDs")),
        (claim(erratum=ERRATUM), "4.3.0", [NOT_HERE, PASSED], ("holds-with-erratum", "It is three.")),
        (claim(erratum=ERRATUM), "4.3.0", [NOT_HERE, PASSED, SKIPPED], ("not-checked", "needs an abacus")),
        (claim(), "4.3.0", [FAILED, SKIPPED], ("fails", "t: it was three")),
        (claim(), "4.3.0", [], ("not-checked", "the run ended before its tests did")),
        (claim(planned="Later."), "4.3.0", [PASSED], ("not-checked", "Later.")),
        (claim(planned="Later."), "4.3.0", [FAILED], ("fails", "t: it was three")),
        (claim(not_on=[{"since": "4.0", "because": "Gone."}]), "4.3.0", [], ("not-on-this-version", "Gone.")),
        (claim(not_on=[{"since": "4.0", "because": "Gone."}]), "3.5.9", [PASSED], ("holds", None)),
    ],
)
def test_the_worst_that_became_of_a_test_is_what_becomes_of_its_claim(of, spark, tests, expected):
    assert record.verdict(of, spark, tests) == expected


def test_what_the_ledger_says_of_one_mode_is_not_the_verdict_in_the_other():
    of = claim(not_on=[{"mode": "connect", "because": "No abacus there."}])
    assert record.verdict(of, "4.3.0", [PASSED]) == ("holds", None)
    assert record.verdict(of, "4.3.0", [PASSED], mode="connect") == ("not-on-this-version", "No abacus there.")


def test_a_claim_that_nobody_selected_is_not_checked():
    assert record.verdict(claim(), "4.3.0", [], selected=False) == ("not-checked", "not selected in this run")


def test_a_record_that_cannot_be_written_leaves_the_one_that_is_there(tmp_path):
    path = tmp_path / "build" / "claims.json"
    record.write({"claims": []}, str(path))
    with pytest.raises(TypeError):
        record.write({"claims": object()}, str(path))
    assert json.loads(path.read_text(encoding="utf-8")) == {"claims": []}


def test_the_digest_of_a_record_is_that_of_its_content_as_it_is_read_back():
    content = {"claims": [("ü", 0.1)], "properties": {1: "one", 10: "ten", 2: "two"}, "sha256": "of another"}
    read_back = json.loads(json.dumps(content, indent=1, ensure_ascii=False))
    assert record.digest(content) == record.digest(read_back)
    assert record.digest(content) == record.digest(dict(content, sha256="of a third"))
    assert record.digest(content) != record.digest(dict(content, claims=[("ü", 0.2)]))


def test_the_sources_are_those_of_the_labs_that_are_there(tmp_path):
    class Labs:
        claims = {"a": claim(lab="labs/sum.py"), "b": claim(lab="labs/sum.py"), "c": claim(lab="gone.py"), "d": claim()}

    (tmp_path / "labs").mkdir()
    (tmp_path / "labs" / "sum.py").write_bytes(b"print('\xff')")
    assert record.sources(Labs, str(tmp_path)) == {"labs/sum.py": "print('\ufffd')"}
