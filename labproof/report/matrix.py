"""Several runs of one course side by side: claims down, runs across, and where they differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

from labproof.java import major_of
from labproof.ledger import VERDICTS
from labproof.releases import numbers
from labproof.report import view
from labproof.report.records import Record

#: What tells runs apart, beside the release of Spark.
FACTS = ("python", "java", "mode", "master", "machine", "workers")


class Cell(NamedTuple):
    """What a run says of a claim; ``verdict`` is None where it does not say anything."""

    verdict: str | None
    reason: str | None


class Said(NamedTuple):
    """What neighbouring runs say alike: of which releases, the verdict, and its reason or what to say instead."""

    releases: str
    verdict: str
    text: str | None


class Row(NamedTuple):
    """A claim with a cell for each run, how the runs differ, None where they agree, and what they say."""

    claim: dict[str, Any]
    cells: list[Cell]
    difference: str | None
    said: list[Said]


class Run(NamedTuple):
    """A column: the release of Spark, the facts in which the runs differ, how far the run came, when and how long."""

    spark: str
    facts: dict[str, str]
    state: str
    selection: str | None
    counts: dict[str, int]
    started: str
    seconds: float


class Matrix(NamedTuple):
    """Runs from the oldest Spark to the newest, claims in the order of the deck; ``shared`` are facts of all runs."""

    title: str
    runs: list[Run]
    shared: dict[str, str]
    rows: list[Row]

    @property
    def different(self) -> list[Row]:
        """The rows that are not the same everywhere."""
        return [row for row in self.rows if row.difference]

    @property
    def same(self) -> list[Row]:
        """The rows that are."""
        return [row for row in self.rows if not row.difference]


def compare(records: list[Record]) -> Matrix:
    """The matrix of these runs."""
    records = sorted(records, key=_order)
    facts = {name: [_fact(record, name) for record in records] for name in FACTS}
    differing = [name for name, values in facts.items() if len(set(values)) > 1]
    if _repeated([(record["spark"], *(_fact(record, name) for name in differing)) for record in records]):
        # The same twice: only the time tells them apart.
        facts["started"] = [view.day(record["started"]) for record in records]
        differing.append("started")
    runs = [
        Run(
            record["spark"],
            {name: facts[name][number] for name in differing},
            view.state(record),
            record["selection"],
            view.counts(view.shown(record)),
            view.day(record["started"]),
            record["seconds"],
        )
        for number, record in enumerate(records)
    ]
    by_run = [{claim["id"]: claim for claim in record["claims"]} for record in records]
    rows = []
    for claim in _claims(records):
        cells = [_cell(claims.get(claim["id"])) for claims in by_run]
        rows.append(Row(claim, cells, _difference(cells, runs), list(_said(cells, runs))))
    shared = {name: facts[name][0] for name in FACTS if name not in differing}
    return Matrix(records[-1]["deck"]["title"], runs, shared, rows)


def _order(record: Record) -> tuple[Any, ...]:
    return (numbers(record["spark"]), numbers(record["python"]), record["java"], record["master"], record["started"])


def _fact(record: Record, name: str) -> str:
    # 3.11.7 and 3.11.8, or 17.0.1 and 17.0.15, make no difference that anybody asks for.
    value = str(record[name])
    if name == "java":
        return str(major_of(value))
    found = re.match(r"\d+\.\d+", value) if name == "python" else None
    return found[0] if found else value


def _repeated(labels: list[tuple[str, ...]]) -> bool:
    return len(set(labels)) < len(labels)


def _claims(records: list[Record]) -> list[dict[str, Any]]:
    """All claims of all runs, in the order of the newest one's deck."""
    found: dict[str, dict[str, Any]] = {}
    for record in reversed(records):
        for claim in sorted(record["claims"], key=lambda claim: claim["slide"][0]):
            found.setdefault(claim["id"], claim)
    return sorted(found.values(), key=lambda claim: claim["slide"][0])


def _cell(claim: dict[str, Any] | None) -> Cell:
    # A claim whose tests were not to run, or did not get their turn, was not asked.
    if claim is None or (not claim["tests"] and claim["verdict"] == "not-checked" and not claim["planned"]):
        return Cell(None, None)
    return Cell(claim["verdict"], claim["reason"])


def _said(cells: list[Cell], runs: list[Run]) -> Iterator[Said]:
    releases = [run.spark for run in runs]
    if _repeated([(release,) for release in releases]):
        releases = [" ".join([run.spark, *run.facts.values()]) for run in runs]
    asked = [(cell, release) for cell, release in zip(cells, releases, strict=True) if cell.verdict]
    for (verdict, text), alike in groupby(asked, key=lambda each: each[0]):
        first, *others = [release for _, release in alike]
        yield Said(f"{first} to {others[-1]}" if others else first, str(verdict), text)


def _difference(cells: list[Cell], runs: list[Run]) -> str | None:
    """How the verdict, or what to say instead, depends on the release, else the verdict on another fact, in words."""
    # What a run that did not reach its end has not seen might have changed its mind.
    asked = [(cell, run) for cell, run in zip(cells, runs, strict=True) if cell.verdict and run.state != "incomplete"]
    releases = {run.spark: set[tuple[str, str | None]]() for _, run in asked}
    for cell, run in asked:
        instead = cell.reason if cell.verdict == "holds-with-erratum" else None
        releases[run.spark].add((str(cell.verdict), instead))
    if all(len(found) == 1 for found in releases.values()):
        return _changes([(release, *each) for release, (each,) in releases.items()])
    if len({cell.verdict for cell, _ in asked}) < 2:
        return None
    for name in runs[0].facts:
        verdicts_by: dict[str, set[str]] = {}
        for cell, run in asked:
            verdicts_by.setdefault(run.facts[name], set()).add(str(cell.verdict))
        if all(len(verdicts) == 1 for verdicts in verdicts_by.values()):
            values: dict[str, list[str]] = {}
            for value, (verdict,) in verdicts_by.items():
                values.setdefault(verdict, []).append(value)
            return "; ".join(
                f"with {name} {', '.join(alike)}: {view.WORDS[verdict].word}" for verdict, alike in values.items()
            )
    found = [verdict for verdict in VERDICTS if verdict in {cell.verdict for cell, _ in asked}]
    return "differs: " + ", ".join(view.WORDS[verdict].word for verdict in found)


def _changes(steps: list[tuple[str, str, str | None]]) -> str | None:
    """The verdicts by release, told where they change; None if they don't."""
    changes = [next(same) for _, same in groupby(steps, key=lambda step: step[1:])]
    words = []
    for number, (release, verdict, _) in enumerate(changes):
        word = view.WORDS[verdict].word
        if number and changes[number - 1][1] == verdict:
            word += ", in other words"
        words.append(f"from Spark {release} on: {word}" if number else word)
    return "; ".join(words) if len(words) > 1 else None


def as_json(matrix: Matrix) -> dict[str, Any]:
    """The matrix as JSON has it."""
    return {
        "course": matrix.title,
        "shared": matrix.shared,
        "runs": [run._asdict() for run in matrix.runs],
        "claims": [
            {
                "id": row.claim["id"],
                "slide": row.claim["slide"],
                "text": row.claim["text"],
                "verdicts": [cell.verdict for cell in row.cells],
                "difference": row.difference,
                "said": [said._asdict() for said in row.said],
            }
            for row in matrix.rows
        ],
    }
