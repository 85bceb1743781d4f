"""The handout of a course: its deck as the tests state it, from the ledger and the names of the tests."""

from __future__ import annotations

import ast
import difflib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from labproof.ledger import MODES, Claim, Ledger, LedgerError, Note, covers
from labproof.releases import RELEASES
from labproof.report import view

__all__ = ["LedgerError", "command", "handout"]

HEAD = """\
# {title}: the deck as its tests state it

<!-- Written from {ledger} and the tests by `labproof handout`; `--check` fails when this has drifted. -->

Every claim of the deck, slide by slide, and below it what its tests show. A sentence that begins with "Say instead" is
what is true where the deck is not.
"""


def command(ledger: str, output: str, check: bool) -> int:
    """Write the handout of the ledger to ``output``, or only ``check`` that it is there already; exit status.

    Raises :class:`LedgerError`, and ``OSError`` for a file that cannot be read or written.
    """
    path = Path(output)
    text = handout(Ledger(os.path.abspath(ledger), os.getcwd()), Path(ledger).parent, path)
    there = path.read_text(encoding="utf-8") if path.exists() else ""
    if check and there != text:
        drift = list(difflib.unified_diff(there.splitlines(), text.splitlines(), output, "now", lineterm="", n=0))
        print(*drift[:40], *(["..."] if len(drift) > 40 else []), sep="\n")
        print(f"{output} has drifted from the ledger and the tests. Remedy: labproof handout")
        return 1
    if not check:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"Written: {output}")
    return 0


def handout(ledger: Ledger, folder: Path, output: Path) -> str:
    """The handout as Markdown. ``folder`` holds the tests; links are relative to the place of ``output``."""
    tests = tests_in(folder)
    entries = [_entry(claim, tests.get(claim.id, [])) for claim in ledger.claims.values()]
    course = {
        "claims": [entry for entry in entries if entry["claim"].strength != "context"],
        "context": [entry for entry in entries if entry["claim"].strength == "context"],
        "deck": {"sections": [section._asdict() for section in ledger.sections]},
        "complete": True,
        "selection": None,
    }
    lines = [HEAD.format(title=ledger.title, ledger=os.path.relpath(ledger.path))]
    parts = view.in_deck_order(course)
    told = {
        entry["id"]: slide.number for part in parts for slide in part.slides for entry in slide.claims + slide.context
    }
    for part in parts:
        lines.append(f"\n## {part.title}\n")
        for slide in part.slides:
            lines.append(f"\n### Slide {slide.number}\n")
            for entry in slide.claims:
                lines += _of_claim(entry, output)
            for entry in slide.context:
                claim = entry["claim"]
                lines.append(f"\n{view.for_markdown(claim.says)} Nothing to run: {view.for_markdown(claim.reason)}\n")
            if slide.elsewhere:
                names = ", ".join(f"`{entry['id']}` (slide {told[entry['id']]})" for entry in slide.elsewhere)
                lines.append(f"\nAlso here: {names}\n")
    return "".join(lines)


def _entry(claim: Claim, tests: list[str]) -> dict[str, Any]:
    return {
        "id": claim.id,
        "section": claim.section,
        "slide": claim.slides,
        "tests": tests,
        "reason": claim.reason,
        "claim": claim,
    }


def _of_claim(entry: dict[str, Any], output: Path) -> Iterator[str]:
    claim = entry["claim"]
    lab = f", [{claim.lab}]({os.path.relpath(claim.lab, output.parent)})" if claim.lab else ""
    yield f"\n**{view.for_markdown(claim.says)}** `{claim.id}`{lab}\n\n"
    for test in entry["tests"]:
        yield f"- {view.for_markdown(view.sentence(test))}\n"
    notes = [f"Say instead{text}" for note in claim.errata for text in _said(claim, note)]
    notes += [f"Not a claim about Spark{_when(note)}: {note.text}" for note in claim.not_on]
    notes += [f"Not checked: {claim.planned}"] if claim.planned else []
    for number, note in enumerate(notes):
        # A line of its own keeps two notes apart.
        yield ("\n" if number or entry["tests"] else "") + f"> {view.for_markdown(note)}\n"


def _said(claim: Claim, note: Note) -> Iterator[str]:
    """What a note says, more than once if the measured values in it differ by release."""
    texts: dict[str, list[str]] = {}
    for release in RELEASES:
        mode = note.mode or MODES[0]
        if covers(note, release.spark, mode):
            texts.setdefault(claim.filled(note, release.spark, mode), []).append(release.spark)
    for text, releases in texts.items():
        yield f"{_when(note) if len(texts) == 1 else ' on Spark ' + ', '.join(releases)}: {text}"


def _when(note: Note) -> str:
    since = f" from Spark {note.since} on" if note.since else ""
    until = f" before Spark {note.until}" if note.until else ""
    return since + until + (" through Spark Connect" if note.mode == "connect" else "")


def tests_in(folder: Path) -> dict[str, list[str]]:
    """The names of the tests by the claims that they are marked with, without running or importing them."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"), str(path))
        named = {
            target.id: node.value
            for node in module.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        of_all = _claims([named["pytestmark"]], named) if "pytestmark" in named else []
        for name, marks in _marked(module, of_all, named):
            for claim in marks:
                found.setdefault(claim, []).append(name)
    return found


def _marked(
    tree: ast.Module | ast.ClassDef, around: list[str], named: dict[str, ast.expr]
) -> Iterator[tuple[str, list[str]]]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from _marked(node, around + _claims(node.decorator_list, named), named)
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            yield node.name, around + _claims(node.decorator_list, named)


def _claims(decorators: list[ast.expr], named: dict[str, ast.expr]) -> list[str]:
    """The ids in all marks ``claim(...)`` of decorators, and of what they name, such as a list of parameters."""
    nodes = [node for decorator in decorators for node in ast.walk(decorator)]
    nodes += [
        inner for node in nodes if isinstance(node, ast.Name) and node.id in named for inner in ast.walk(named[node.id])
    ]
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    marks = [call for call in calls if getattr(call.func, "attr", getattr(call.func, "id", "")) == "claim"]
    return [str(argument.value) for mark in marks for argument in mark.args if isinstance(argument, ast.Constant)]
