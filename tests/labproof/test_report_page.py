"""The page of a run: what it says, and that it says it to everybody and needs nothing else."""

import json
import re
from urllib.parse import unquote

import pytest
from made_up import Page, claim, outcome_of, run

pytest.importorskip("labproof.report")
page = pytest.importorskip(
    "labproof.report.page", reason="needs the report's libraries: pip install 'labproof[report]'"
)
view = pytest.importorskip("labproof.report.view")

ERRATUM = [{"instead": "It is nearly {sum:.1f}, see `sum`."}]
MEASURED = [{"name": "sum", "value": 2.5}]
PLOT = {"kind": "points", "title": "Sums", "values": [[0, 1], [1, 2]], "reference": {"value": 2, "label": "the slide"}}


@pytest.fixture(scope="module")
def one_of_each():
    claims = [
        claim("fails", 4, section="taking"),
        claim("holds", [2, 5], lab="labs/lab1/sum.py"),
        claim("imprecise", 3, erratum=ERRATUM, measured=MEASURED),
        claim("lacking", 3),
        claim("planned", 3, planned="Needs a calculator, which is to come."),
        claim("gone", 5, section="taking", not_on=[{"because": "It went away."}]),
        claim("log-in", 1, strength="context", reason="Nothing to run."),
    ]
    tests = [
        outcome_of("holds", properties={"printed": "1 + 1 = \x1b[1m2\x1b[0m\r\n", "plot": PLOT}),
        outcome_of("holds", "also_with[0-a b]", worker="gw1", seconds=70.04),
        outcome_of("imprecise"),
        outcome_of("fails", outcome="failed", reason="tests/test_fails.py::test_it_is_so: assert 1 + 1 == 3"),
        outcome_of("lacking", outcome="skipped", reason="needs an abacus: pip install abacus"),
    ]
    return run(claims, tests, labs={"labs/lab1/sum.py": "print(1 + 1)\n"}, notes=["SPARK_HOME is not used"])


@pytest.fixture(scope="module")
def html(one_of_each):
    return page.html_of_run(one_of_each)


@pytest.fixture(scope="module")
def found(html):
    return Page(html)


def test_it_goes_through_the_deck_slide_by_slide(one_of_each, found):
    ids = [name for name in found.values("id") if name.startswith(("slide-", "claim-"))]
    parts = view.in_deck_order(one_of_each)
    assert [(part.title, [slide.number for slide in part.slides]) for part in parts] == [
        ("Adding", [1, 2, 3]),
        ("Taking away", [4, 5]),
    ]
    told = [(slide.number, [claim["id"] for claim in slide.claims]) for part in parts for slide in part.slides]
    assert told == [(1, []), (2, ["holds"]), (3, ["imprecise", "lacking", "planned"]), (4, ["fails"]), (5, ["gone"])]
    assert [entry["id"] for entry in parts[1].slides[1].elsewhere] == ["holds"]
    assert sorted(ids) == sorted(
        ["slide-%d" % number for number in range(1, 6)]
        + ["claim-%s" % entry["id"] for entry in one_of_each["claims"]]
        + ["claim-log-in"]
    )


def test_a_claim_that_begins_in_another_section_is_told_in_its_own():
    claims = [claim("a", 1), claim("b", [1, 2], section="taking"), claim("c", 2, section="taking")]
    parts = view.in_deck_order(run(claims))
    told = {slide.number: [claim["id"] for claim in slide.claims] for part in parts for slide in part.slides}
    assert told == {1: ["a"], 2: ["b", "c"]}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("holds", "✓ It is so with holds. holds holds labs/lab1/sum.py slides 2, 5 2 tests, 1 min 10 s"),
        ("holds", "Also with (0-a b) 1 min 10 s"),
        ("imprecise", "≈ It is so with imprecise. It is nearly 2.5, see sum . say it differently"),
        ("lacking", "needs an abacus: pip install abacus not checked"),
        ("planned", "Needs a calculator, which is to come. not checked"),
        ("fails", "It is so: assert 1 + 1 == 3 fails"),
        ("gone", "It went away. not on this Spark"),
        ("log-in", "It is so with log-in. Nothing to run: Nothing to run."),
    ],
)
def test_a_claim_has_its_verdict_reason_erratum_and_tests(found, name, text):
    assert text in found.texts["claim-" + name]


def test_what_to_say_before_one_teaches_begins_with_what_fails(found):
    assert re.split(" ?Slide ", found.texts["before"])[1:] == [
        "4 fails The deck: It is so with fails. It fails here. It is so: assert 1 + 1 == 3",
        "3 The deck: It is so with imprecise. It is nearly 2.5, see sum .",
        "5 not on this Spark The deck: It is so with gone. It went away.",
    ]


def test_what_is_missing_is_told_once_with_the_command_that_brings_it():
    abacus = "needs an abacus: pip install abacus"
    claims = [claim("planned", planned="Needs a calculator."), claim("a"), claim("b")]
    tests = [outcome_of(name, outcome="skipped", reason=abacus) for name in "ab"]
    text = Page(page.html_of_run(run(claims, tests))).texts["unchecked"]
    assert text.endswith("Needs an abacus: pip install abacus a b Needs a calculator. planned")


def test_the_lab_is_shown_with_what_it_printed(found):
    assert found.texts["lab-labs/lab1/sum.py"] == (
        "labs/lab1/sum.py print ( 1 + 1 ) What it printed: It is so 1 + 1 = 2"
    )


def test_a_notebook_is_shown_as_its_cells():
    cells = [{"cell_type": "code", "source": ["1 + 1\n", "2"]}, {"cell_type": "markdown", "source": ["*text*"]}]
    labs = {"lab.ipynb": json.dumps({"cells": cells}), "broken.ipynb": "{"}
    found = Page(page.html_of_run(run([claim("a", lab="lab.ipynb"), claim("b", lab="broken.ipynb")], labs=labs)))
    assert found.texts["lab-lab.ipynb"] == "lab.ipynb 1 + 1 2 *text*"
    assert found.texts["lab-broken.ipynb"] == "broken.ipynb {"


def test_the_facts_of_the_run_are_at_the_head(one_of_each, html):
    facts = dict(view.facts(one_of_each))
    assert facts["Java"] == "17.0.15 (from PATH)"
    assert facts["Started"] == "22 Nov 2026, 09:00 UTC"
    assert facts["Took"].replace("\N{NO-BREAK SPACE}", " ") == "1 min 33 s"
    assert [html.count("<dd>%s</dd>" % value) for value in facts.values()] == [1] * len(facts)
    assert "SPARK_HOME is not used" in html


@pytest.mark.parametrize("selection", [None, "tests/adding"])
def test_an_interrupted_run_is_drawn_as_one_and_nowhere_green(selection):
    record = run([claim("seen"), claim("unseen")], [outcome_of("seen")], complete=False, selection=selection)
    html = page.html_of_run(record)
    assert Page(html).elements["html"][0]["data-state"] == "incomplete"
    assert "This run did not reach its end." in html
    assert "<b>1</b> held so far" in html
    assert '<span class="tag holds">held so far</span>' in html


def test_a_run_of_a_part_says_so_and_leaves_out_what_it_did_not_select():
    claims = [claim("one"), claim("two"), claim("three", planned="Needs a calculator.")]
    html = page.html_of_run(run(claims, [outcome_of("one")], selection="-k <one>"))
    assert Page(html).elements["html"][0]["data-state"] == "partial"
    assert "<code>-k &lt;one&gt;</code>.\n2 of the 3 claims were not selected and are left out." in html
    assert [name for name in Page(html).values("id") if name.startswith("claim-")] == ["claim-one"]


def test_only_a_complete_run_has_a_green():
    style = (page.TEMPLATES / "page.css").read_text(encoding="utf-8")
    for rule in re.findall(r"([^{}]+)\{([^{}]*--holds:[^{}]*)\}", style):
        (holds,) = re.findall(r"--holds: #(\w\w)(\w\w)(\w\w)", rule[1])
        red, green, blue = [int(part, 16) for part in holds]
        assert (green > red + 20 and green > blue + 20) == (rule[0].strip().endswith('[data-state="complete"]'))


HOSTILE = "<script>alert(1)</script>`<img src=x onerror=alert(2)>`\"'&"


@pytest.mark.parametrize(
    "place",
    ["text", "erratum", "reason", "id", "lab", "code", "printed", "test", "note", "selection", "plot", "title", "java"],
)
def test_a_text_that_is_html_stays_a_text(place):
    at = dict.fromkeys(["text", "erratum", "reason", "id", "code", "printed", "test", "note", "java"], "calm")
    at.update({"selection": None, "lab": "lab.py", place: HOSTILE})
    claims = [
        claim(at["id"], lab=at["lab"], says=at["text"], erratum=[{"instead": at["erratum"]}]),
        claim("failing"),
        claim("without-lab"),
    ]
    tests = [
        outcome_of(at["id"], at["test"], properties={"printed": at["printed"]}),
        outcome_of("failing", outcome="failed", reason=at["reason"]),
        outcome_of("without-lab", outcome="skipped", reason=at["reason"], properties={"printed": at["printed"]}),
    ]
    labs = {at["lab"]: at["code"]}
    record = run(claims, tests, labs=labs, notes=[at["note"]], selection=at["selection"], java=at["java"], seconds=1.0)
    if place == "plot":
        plot = dict(PLOT, title=HOSTILE, x=HOSTILE, y=HOSTILE, reference={"value": 1, "label": HOSTILE})
        record["claims"][0]["tests"][0]["properties"]["plot"] = plot
        record["claims"][1]["tests"][0]["properties"]["plot"] = HOSTILE
    if place == "title":
        record["deck"]["title"] = HOSTILE
    html = page.html_of_run(record)
    found = Page(html)
    assert (len(found.elements["script"]), "img" in found.elements) == (1, False)
    assert not [name for attrs in found.elements.values() for each in attrs for name in each if name.startswith("on")]
    assert "alert" in html, "it is there, as a text"


def test_only_backticks_in_pairs_make_code():
    assert page.inline("a `<b>` c") == "a <code>&lt;b&gt;</code> c"
    assert page.inline("a ` <b>") == "a ` &lt;b&gt;"


def test_it_needs_nothing_from_elsewhere(html, found):
    assert set(found.elements["link"][0].items()) == {("rel", "icon"), ("href", "data:,")}
    assert "src" not in {name for attrs in found.elements.values() for each in attrs for name in each}
    assert not [href for href in found.values("href") if not href.startswith(("#", "data:,"))]
    assert not re.findall(r"(?<!xmlns=\")(?<!xmlns:xlink=\")https?://\S+", html)
    assert not re.findall(r"@import|url\((?!#)", html)


def test_the_browser_is_told_to_run_its_own_script_only(found):
    (policy,) = [meta["content"] for meta in found.elements["meta"] if "http-equiv" in meta]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-")


def test_each_link_within_the_page_leads_somewhere(found):
    ids = set(found.values("id"))
    assert {unquote(href[1:]) for href in found.values("href") if href.startswith("#")} <= ids
    assert {name for names in found.values("aria-labelledby") for name in names.split()} <= ids


def test_who_cannot_see_it_gets_words_headings_and_labels(html, found):
    assert found.elements["html"][0]["lang"] == "en"
    assert len(found.elements["h1"]) == 1
    levels = [int(level) for level in re.findall(r"<h(\d)", html)]
    assert all(deeper - level <= 1 for level, deeper in zip(levels, levels[1:])), "no level is left out"
    assert [svg["role"] for svg in found.elements["svg"]] == ["img", "img"]
    assert len(re.findall(r"<label>\w+ <select", html)) == len(found.elements["select"]) == 3


def test_its_colours_can_be_told_from_its_paper():
    """The contrast that WCAG's level AA wants of text, 4.5 to 1, by day and by night."""
    style = (page.TEMPLATES / "page.css").read_text(encoding="utf-8")
    day, night = style.split("@media screen and (prefers-color-scheme: dark)")[:2]
    for rules in day, night.split(".holds {")[0]:
        colours = re.findall(r"--([\w-]+): #(\w{6})", rules)
        papers = [luminance(colour) for name, colour in colours if name in ("paper", "raised", "code-paper")]
        texts = {name: luminance(colour) for name, colour in colours if name not in ("line",) and "pa" not in name}
        texts.pop("raised")
        assert len(texts) == 9
        for name, text in texts.items():
            for paper in papers:
                assert (max(text, paper) + 0.05) / (min(text, paper) + 0.05) >= 4.5, name


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_a_claim_is_light_so_that_a_thousand_are():
    claims = [claim("claim-%d" % number, number // 120 + 1) for number in range(1000)]
    tests = [outcome_of(each.id, start=number / 10.0) for number, each in enumerate(claims)]
    html = page.html_of_run(run(claims, tests))
    found = Page(html)
    assert len(found.elements["article"]) == 1000
    assert sum(len(elements) for elements in found.elements.values()) < 14 * 1000
    assert len(html) < 1000 * 1000


def test_what_a_terminal_would_have_done_is_left_out_of_what_was_printed():
    assert (
        view.clean("\x1b]0;title\x07\x1b[1;31mred\x1b[0m\r\nbell\x07 ü\n") == "red\nbell\N{REPLACEMENT CHARACTER} ü\n"
    )
    assert view.clean("x" * 20005).endswith("xxx\n... and 5 more characters")


@pytest.mark.parametrize(
    ("nodeid", "sentence"),
    [
        ("tests/rdd/test_a.py::test_nothing_is_computed_early", "Nothing is computed early"),
        ("tests/rdd/test_a.py::TestLazy::test_a_b[1-x::y[0]]", "A b (1-x::y[0])"),
    ],
)
def test_the_name_of_a_test_reads_as_a_sentence(nodeid, sentence):
    assert view.sentence(nodeid) == sentence


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0, "0 s"), (0.0123, "0.012 s"), (3.21, "3.2 s"), (59.6, "1 min 0 s"), (93.1, "1 min 33 s")],
)
def test_seconds_are_said_as_people_say_them(seconds, words):
    assert view.duration(seconds).replace("\N{NO-BREAK SPACE}", " ") == words


def test_markdown_says_the_same_and_breaks_no_table(one_of_each):
    text = page.markdown_of_run(one_of_each)
    assert "| 3 | It is so with imprecise. | It is nearly 2.5, see `sum`. |" in text
    assert "| 4 | It is so with fails. | It fails here. It is so: `assert 1 + 1 == 3` |" in text
    assert "- Needs an abacus: `pip install abacus` (lacking)" in text
    assert "| 2 | ✓ holds | It is so with holds. (holds) | 2 |" in text
    assert view.for_markdown("a|b *c*\n<d> `e_f`") == "a\\|b \\*c\\* \\<d\\> `e_f`"
    assert view.for_markdown("an odd ` and_") == "an odd \\` and\\_"


def test_a_file_that_cannot_be_written_leaves_the_one_that_is_there(tmp_path):
    target = tmp_path / "build" / "claims.html"
    page.write("whole", target)
    with pytest.raises(UnicodeEncodeError):
        page.write("half \ud800", target)
    assert target.read_text(encoding="utf-8") == "whole"
