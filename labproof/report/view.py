"""What the report shows of a record, put in the order of the deck: plain values for the templates."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from labproof.ledger import VERDICTS
from labproof.report.records import Record

Entry = dict[str, Any]

NOT_SELECTED = "not selected in this run"
LONGEST_PRINTED = 20_000
_ANSI = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\-_])")
_CONTROL = re.compile(r"[^\t\n\x20-\x7e\xa0-\U0010ffff]")


class Word(NamedTuple):
    """A verdict as people read it: a sign that needs no colour, a word, and a sentence on how many there are."""

    sign: str
    word: str
    many: str


WORDS = dict(
    zip(
        VERDICTS,
        [
            Word("✓", "holds", "hold as the deck says them"),
            Word("≈", "say it differently", "are to be said differently"),
            Word("–", "not on this Spark", "are not about this Spark"),  # noqa: RUF001
            Word("?", "not checked", "could not be checked here"),
            Word("✗", "fails", "fail"),
        ],
        strict=True,
    )
)


class Slide(NamedTuple):
    """A slide with the claims that are told here, entries that are told elsewhere, and what cannot be tested."""

    number: int
    claims: list[Entry]
    elsewhere: list[Entry]
    context: list[Entry]


class Part(NamedTuple):
    """Consecutive slides of one section of the deck."""

    anchor: str
    title: str
    slides: list[Slide]


class Missing(NamedTuple):
    """Something that is not there, the command that brings it if one does, and the claims that wait for it."""

    what: str
    command: str | None
    claims: list[Entry]


def state(record: Record) -> str:
    """How far the run came: ``complete``, ``partial`` (of a selection) or ``incomplete`` (it did not reach its end)."""
    if not record["complete"]:
        return "incomplete"
    return "partial" if record["selection"] else "complete"


def shown(record: Record) -> list[Entry]:
    """The claims that the run is about: of a run of a part, those that it asked or was to ask."""

    def waits(claim: Entry) -> bool:
        return not record["complete"] and not claim["planned"] and claim["reason"] != NOT_SELECTED

    return [claim for claim in record["claims"] if claim["tests"] or not record["selection"] or waits(claim)]


def counts(claims: list[Entry]) -> dict[str, int]:
    """How many claims got each verdict that occurs, in the order of the verdicts."""
    found = Counter(claim["verdict"] for claim in claims)
    return {verdict: found[verdict] for verdict in VERDICTS if found[verdict]}


def in_deck_order(record: Record) -> list[Part]:
    """The deck, slide by slide. Each claim is told once: on its first slide within its own section, if there is one."""
    everything = record["claims"] + record["context"]
    owners = _owners(record)
    homes = {
        entry["id"]: next((s for s in entry["slide"] if owners[s] == entry["section"]), entry["slide"][0])
        for entry in everything
    }
    claims = shown(record)
    context = record["context"] if state(record) != "partial" else []
    titles = {section["id"]: section["title"] for section in record["deck"]["sections"]}
    parts: list[Part] = []
    last = None
    for number in sorted(owners):
        slide = Slide(
            number,
            [claim for claim in claims if homes[claim["id"]] == number],
            [entry for entry in claims + context if number in entry["slide"] and homes[entry["id"]] != number],
            [entry for entry in context if homes[entry["id"]] == number],
        )
        if not (slide.claims or slide.elsewhere or slide.context):
            continue
        section = owners[number]
        if section != last:
            again = sum(part.title == titles[section] for part in parts)
            parts.append(Part(f"part-{section}" + (f"-{again + 1}" if again else ""), titles[section], []))
        parts[-1].slides.append(slide)
        last = section
    return parts


def _owners(record: Record) -> dict[int, str]:
    """The section that each slide belongs to: the one of most claims that begin on it."""
    votes: dict[int, Counter[str]] = {}
    for entries, weight in (record["claims"], 4), (record["context"], 2):
        for entry in entries:
            for slide in entry["slide"]:
                begins = slide == entry["slide"][0]
                votes.setdefault(slide, Counter())[entry["section"]] += weight * 100 if begins else 1
    owners: dict[int, str] = {}
    before = None
    for slide in sorted(votes):
        most = max(votes[slide].values())
        leading = [section for section, number in votes[slide].items() if number == most]
        before = before if before in leading else leading[0]
        owners[slide] = before
    return owners


def corrections(claims: list[Entry]) -> list[Entry]:
    """Claims that cannot be taught as the deck has them: first those that fail, then those with an erratum or gone."""
    wrong = [claim for claim in claims if claim["erratum"] or claim["verdict"] in ("fails", "not-on-this-version")]
    return sorted(wrong, key=lambda claim: (claim["verdict"] != "fails", claim["slide"][0]))


def failures(claim: Entry) -> list[tuple[str, str]]:
    """The tests of a claim that failed: each as a sentence, and what it found."""
    failed = [test for test in claim["tests"] if test["outcome"] == "failed"]
    return [(sentence(test["nodeid"]), test["reason"].removeprefix(test["nodeid"] + ": ")) for test in failed]


def say_instead(claim: Entry) -> list[str]:
    """What to know of a claim that cannot be taught as the deck has it."""
    says = [claim["erratum"]] if claim["erratum"] else []
    says += [f"It fails here. {test}: `{found}`" for test, found in failures(claim)]
    return says + ([claim["reason"]] if claim["verdict"] == "not-on-this-version" else [])


def missing(claims: list[Entry]) -> list[Missing]:
    """What was missing for the claims that were not checked, each thing once; first what a command brings."""
    found: dict[str, list[Entry]] = {}
    for claim in claims:
        if claim["verdict"] == "not-checked":
            skipped = {test["reason"] for test in claim["tests"] if test["outcome"] == "skipped"}
            for reason in sorted(skipped) or [claim["reason"]]:
                found.setdefault(reason, []).append(claim)
    things = [Missing(*remedy(reason), waiting) for reason, waiting in found.items()]
    return sorted(things, key=lambda thing: thing.command is None)


def remedy(reason: str) -> tuple[str, str | None]:
    """``needs netcat: apt-get install netcat`` as what is needed and the command that brings it."""
    match = re.fullmatch(r"(needs [^:]+): (.+)", reason, re.DOTALL)
    what, command = match.groups() if match else (reason, None)
    return begin(what), command


def sentence(nodeid: str) -> str:
    """The name of a test as a sentence: ``tests/t.py::test_it_adds[1-2]`` is ``It adds (1-2)``."""
    name, _, parameters = nodeid.split("::", 1)[-1].partition("[")
    words = name.split("::")[-1].removeprefix("test_").replace("_", " ")
    return begin(words) + (f" ({parameters.removesuffix(']')})" if parameters else "")


def begin(text: str) -> str:
    """The text as the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def tests_of(claims: list[Entry]) -> list[Entry]:
    """The tests of the claims, each once."""
    return list({test["nodeid"]: test for claim in claims for test in claim["tests"]}.values())


def printed(claims: list[Entry]) -> dict[str, list[tuple[str, str]]]:
    """What the labs printed: by lab, or by the id of a claim without one, pairs of a test's sentence and the text."""
    texts: dict[str, dict[str, str]] = {}
    for claim in claims:
        for test in claim["tests"]:
            if "printed" in test["properties"]:
                text = clean(str(test["properties"]["printed"]))
                texts.setdefault(claim["lab"] or claim["id"], {})[sentence(test["nodeid"])] = text
    return {place: list(found.items()) for place, found in texts.items()}


def clean(text: str) -> str:
    """Text of a program without a terminal's control characters, cut where nobody reads on."""
    text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", _ANSI.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
    more = len(text) - LONGEST_PRINTED
    return text if more <= 0 else text[:LONGEST_PRINTED] + f"\n... and {more} more characters"


def for_markdown(text: str) -> str:
    """A sentence in one line of Markdown, a cell of a table maybe: what it has in backticks stays code."""
    signs = re.compile(r"([\\*_\[\]<>&`|])")
    text = " ".join(str(text).split())
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return signs.sub(r"\\\1", text)
    return "`".join(
        part.replace("|", "\\|") if number % 2 else signs.sub(r"\\\1", part) for number, part in enumerate(parts)
    )


def folders(labs: list[str]) -> dict[str, list[str]]:
    """The labs by the folder that they are in."""
    found: dict[str, list[str]] = {}
    for lab in sorted(labs):
        found.setdefault(str(PurePosixPath(lab).parent) + "/", []).append(lab)
    return found


def duration(seconds: float) -> str:
    """``93.1`` as ``1 min 33 s``, with blanks where no line ends."""
    if seconds < 10:
        text = f"{seconds:.2g} s" if seconds < 1 else f"{seconds:.1f} s"
    else:
        minutes, rest = divmod(round(seconds), 60)
        text = f"{minutes} min {rest} s" if minutes else f"{rest} s"
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def day(started: str) -> str:
    """The start of a run, ``2026-11-22T09:00:00Z``, as ``22 Nov 2026, 09:00 UTC``."""
    moment = datetime.datetime.strptime(started, "%Y-%m-%dT%H:%M:%SZ")
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def facts(record: Record) -> list[tuple[str, str]]:
    """What a reader has to know of the run, as pairs of name and value."""
    workers = record["workers"]
    return [
        ("Spark", record["spark"]),
        ("Python", record["python"]),
        ("Java", f"{record['java']} (from {record['java_from']})"),
        ("Master", record["master"] + ("" if record["mode"] == "classic" else f" ({record['mode']})")),
        ("Machine", record["machine"]),
        ("Started", day(record["started"])),
        ("Took", duration(record["seconds"])),
        ("Workers", str(workers) if workers else "none, one process"),
        ("labproof", record["labproof"]),
    ]
