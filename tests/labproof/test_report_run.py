"""What a run leaves for people and for machines: the page, its place in the summary, JUnit XML."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from labproof import record

TESTS = """
@claim("holds")
def test_a(record_property):
    record_property("printed", "2 <is> it")
    record_property("plot", {"kind": "bars", "title": "Sums", "values": [["one", 1]]})

@claim("imprecise", "fails", because="they are one thing")
def test_b(): pass

@claim("fails")
def test_c(): assert 1 + 1 == 3

def test_d(): pass
"""
CLAIMS = {"holds": 'lab = "labs/sum.py"', "imprecise": '[[claim.erratum]]\ninstead = "It is nearly so."', "fails": ""}
#: A test without a claim stands outside the specification.
SETTINGS = "[pytest]\nfilterwarnings = error\njunit_family = xunit1\n"


@pytest.fixture
def sums(course):
    course.has(TESTS.replace("def test_d", "@claim('holds')\ndef test_d"), **CLAIMS)
    (course.folder / "labs").mkdir()
    (course.folder / "labs" / "sum.py").write_text("print(1 + 1)\n", encoding="utf-8")
    (course.folder / "pytest.ini").write_text(SETTINGS, encoding="utf-8")
    return course


def test_a_run_ends_with_its_page_and_junit_xml_has_claims_and_verdicts(sums):
    pytest.importorskip("labproof.report")
    status, output = sums.run("-n", "1", "--junitxml=out/junit.xml")
    assert status == 1
    assert "\nPage: build/claims.html\n" in output
    html = (sums.folder / "build" / "claims.html").read_text(encoding="utf-8")
    assert "2 &lt;is&gt; it" in html
    assert '<svg xmlns="http://www.w3.org/2000/svg"' in html

    cases = ElementTree.parse(str(sums.folder / "out" / "junit.xml")).iter("testcase")
    known = {case.get("name"): [(p.get("name"), p.get("value")) for p in case.iter("property")] for case in cases}
    assert [pair for pair in known["test_a"] if pair[0] in ("claim", "verdict", "printed")] == [
        ("claim", "holds"),
        ("verdict", "holds"),
        ("printed", "2 <is> it"),
    ]
    assert known["test_b"] == [
        ("claim", "imprecise"),
        ("verdict", "holds-with-erratum"),
        ("claim", "fails"),
        ("verdict", "fails"),
    ]
    assert known["test_c"] == [("claim", "fails"), ("verdict", "fails")]


def test_a_real_record_is_sealed_and_keeps_to_the_schema(sums):
    jsonschema = pytest.importorskip("jsonschema", reason="needs jsonschema: pip install jsonschema")
    sums.run()
    found = json.loads(sums.record_path.read_text(encoding="utf-8"))
    assert found["sha256"] == record.digest(found)
    assert found["labs"] == {"labs/sum.py": "print(1 + 1)\n"}
    schema = Path(record.__file__).parent / "report" / "record.schema.json"
    jsonschema.validate(found, json.loads(schema.read_text(encoding="utf-8")))


def test_without_the_reports_libraries_a_run_says_what_to_install(sums):
    (sums.folder / "jinja2.py").write_text("raise ImportError('there is no jinja2')", encoding="utf-8")
    status, output = sums.run("tests/sums/test_sums.py::test_a", PYTHONPATH=str(sums.folder))
    assert status == 0
    lines = output.splitlines()
    assert (
        "Page: not written: there is no jinja2. Remedy: pip install 'labproof[report]', then labproof report" in lines
    )


@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_run_that_does_not_reach_its_end_leaves_no_page_of_an_earlier_one(sums, workers):
    sums.record_path.parent.mkdir(exist_ok=True)
    page = sums.record_path.with_name("claims.html")
    page.write_text("all is well", encoding="utf-8")
    sums.has(TESTS, another="")
    status, _ = sums.run("-n", workers)
    assert status == 4
    assert not page.exists() or "This run did not reach its end." in page.read_text(encoding="utf-8")
