"""A run, or several, on the terminal."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from labproof.report import view
from labproof.report.matrix import Matrix, Row
from labproof.report.records import Record
from labproof.summary import write_summary

COLOURS = {
    "holds": "green",
    "holds-with-erratum": "cyan",
    "not-on-this-version": "magenta",
    "not-checked": "yellow",
    "fails": "red",
}


class Lines:
    """The part of pytest's terminal reporter that the summary of a run is written with."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def section(self, title: str) -> None:
        """Write a heading."""
        self._console.rule(Text(title))

    def write_line(self, line: str, **style: Any) -> None:
        """Write a line in the style that is named by keywords that are true."""
        self._console.print(Text(view.clean(line)), style=" ".join(name for name, on in style.items() if on) or None)


def write_run(console: Console, record: Record, path: Path) -> None:
    """One run, as it was summed up at its end."""
    write_summary(Lines(console), record, os.path.relpath(path), [], [])


def write_matrix(console: Console, matrix: Matrix) -> None:
    """Several runs: what differs, and how many claims don't."""
    console.print(Text(f"{matrix.title}: {len(matrix.runs)} runs"), style="bold")
    for name, value in matrix.shared.items():
        console.print(Text(f"{name} {value}"), style="dim")
    if matrix.different:
        console.print(_table(matrix, matrix.different))
    else:
        console.print("Nothing differs: every claim got the same verdict wherever it was asked.")
    if matrix.same:
        console.print(f"{len(matrix.same)} claims are the same everywhere; --format html or markdown lists them.")
    signs = "   ".join(f"{word.sign} {word.word}" for word in view.WORDS.values())
    console.print(Text(signs), style="dim")


def _table(matrix: Matrix, rows: list[Row]) -> Table:
    table = Table(show_lines=True)
    table.add_column("claim", overflow="fold")
    for run in matrix.runs:
        unfinished = [run.state] if run.state != "complete" else []
        table.add_column("\n".join([run.spark, *run.facts.values(), *unfinished]), justify="center")
    for row in rows:
        cells = [
            Text(view.WORDS[cell.verdict].sign, style=COLOURS[cell.verdict]) if cell.verdict else Text("")
            for cell in row.cells
        ]
        table.add_row(Text.assemble((row.claim["id"], "bold"), f"\n{row.difference}"), *cells)
    return table
