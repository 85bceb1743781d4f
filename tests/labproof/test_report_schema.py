"""The schema of the record says what a record is, and nothing else passes."""

import json
import re
from pathlib import Path

import pytest
from made_up import claim, outcome_of, run

import labproof
from labproof.ledger import VERDICTS
from labproof.record import FORMAT

jsonschema = pytest.importorskip("jsonschema", reason="needs jsonschema: pip install jsonschema")

SCHEMA = json.loads((Path(labproof.__file__).parent / "report" / "record.schema.json").read_text(encoding="utf-8"))
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "record.md"


def violations(record):
    validator = jsonschema.Draft202012Validator(SCHEMA)
    return [error.json_path + ": " + error.message for error in validator.iter_errors(record)]


@pytest.fixture
def record():
    claims = [
        claim("holds", lab="labs/sum.py"),
        claim("imprecise", erratum=[{"instead": "It is nearly so."}]),
        claim("lacking"),
        claim("fails"),
        claim("planned", planned="Needs a calculator."),
        claim("gone", not_on=[{"because": "It went away."}]),
        claim("log-in", strength="context", reason="Nothing to run."),
    ]
    tests = [
        outcome_of("holds", properties={"plot": {}, "printed": "1"}),
        outcome_of("imprecise"),
        outcome_of("lacking", outcome="skipped", reason="needs an abacus"),
        outcome_of("fails", outcome="failed", reason="assert 1 == 2"),
    ]
    return run(claims, tests, labs={"labs/sum.py": "1 + 1"}, notes=["a note"], selection="tests")


def test_the_schema_is_one_itself():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_record_with_each_verdict_keeps_to_it(record):
    assert violations(record) == []
    assert {entry["verdict"] for entry in record["claims"]} == set(VERDICTS)


def test_it_knows_the_format_and_the_verdicts_of_the_tool():
    assert SCHEMA["properties"]["format"]["const"] == FORMAT
    assert SCHEMA["$defs"]["claim"]["properties"]["verdict"]["enum"] == list(VERDICTS)


@pytest.mark.parametrize(
    ("change", "violation"),
    [
        (lambda it: it.pop("spark"), "$: 'spark' is a required property"),
        (lambda it: it.update(format=2), "$.format: 1 was expected"),
        (lambda it: it.update(colour="red"), "$: Additional properties are not allowed ('colour' was unexpected)"),
        (lambda it: it.update(complete="yes"), "$.complete: 'yes' is not of type 'boolean'"),
        (lambda it: it.update(started="yesterday"), "$.started: 'yesterday' does not match "),
        (lambda it: it.update(sha256="0"), "$.sha256: '0' does not match '^[0-9a-f]{64}$'"),
        (lambda it: it["claims"][0].update(verdict="green"), "$.claims[0].verdict: 'green' is not one of "),
        (lambda it: it["claims"][0].update(slide=[]), "$.claims[0].slide: [] should be non-empty"),
        (lambda it: it["claims"][0].update(reason="because"), "$.claims[0].reason: 'because' is not of type 'null'"),
        (lambda it: it["claims"][3].update(reason=None), "$.claims[3].reason: None is not of type 'string'"),
        (
            lambda it: it["claims"][0]["tests"][0].update(outcome="xpassed"),
            "$.claims[0].tests[0].outcome: 'xpassed' is",
        ),
        (lambda it: it["claims"][0]["tests"][0].pop("seconds"), "$.claims[0].tests[0]: 'seconds' is a required"),
        (lambda it: it["context"][0].update(reason=None), "$.context[0].reason: None is not of type 'string'"),
        (lambda it: it["deck"].pop("title"), "$.deck: 'title' is a required property"),
    ],
)
def test_a_broken_record_does_not_pass(record, change, violation):
    change(record)
    assert [found for found in violations(record) if found.startswith(violation)]


def test_the_document_names_every_key():
    def keys(schema):
        for name, value in schema.get("properties", {}).items():
            yield name
            yield from keys(value)
            yield from keys(value.get("items", {}))

    named = set(re.findall(r"`(\w+)`", DOCUMENT.read_text(encoding="utf-8")))
    asked = [SCHEMA, SCHEMA["$defs"]["claim"], SCHEMA["$defs"]["test"]]
    assert {name for schema in asked for name in keys(schema)} <= named
