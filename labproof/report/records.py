"""Reads records of runs, and refuses those that cannot be trusted: with the file, the reason and the remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from labproof import __version__
from labproof.record import FORMAT, digest

Record = dict[str, Any]

NAME = "claims.json"
MAKE_ONE = "Make one in the course's folder: pytest -n auto"


class Refused(Exception):
    """Records that are not shown; one line for each."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = reasons


def read(path: Path) -> Record:
    """The record at ``path``. Raises :class:`Refused`."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Refused([f"{path}: there is no record. {MAKE_ONE}"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise Refused([f"{path}: cannot be read: {error}"]) from None
    try:
        record = json.loads(text)
    except json.JSONDecodeError as error:
        what = "holds more than one record" if error.msg == "Extra data" else f"is cut off or broken, {error}"
        raise Refused([f"{path}: {what}. Run the suite again"]) from None
    if not isinstance(record, dict) or "format" not in record or "claims" not in record:
        raise Refused([f"{path}: is not a record of labproof. {MAKE_ONE}"])
    if record["format"] != FORMAT:
        raise Refused(
            [
                f"{path}: is in format {record['format']}, and labproof {__version__} reads format {FORMAT}. "
                f"Use labproof {record.get('labproof', 'of that format')}, or run the suite again"
            ]
        )
    if record.get("sha256") != digest(record):
        raise Refused([f"{path}: was changed after the run, its digest does not fit. Run the suite again"])
    return record


def read_all(paths: list[Path]) -> tuple[dict[Path, Record], list[str]]:
    """The records of several runs of one course, by file, and a line for each that is refused.

    A folder stands for all in it. Raises :class:`Refused` where not one is left.
    """
    reasons: list[str] = []
    records: dict[Path, Record] = {}
    for path in paths:
        found = sorted(path.rglob(NAME)) if path.is_dir() else [path]
        if not found:
            reasons.append(f"{path}: there is no {NAME} in this folder. {MAKE_ONE}")
        for file in found:
            try:
                record = read(file)
            except Refused as refused:
                reasons += refused.reasons
                continue
            disagreements = _disagreements(file, record, records)
            reasons += disagreements
            if not disagreements:
                records[file] = record
    if not records:
        raise Refused(reasons)
    return records, reasons


def _disagreements(file: Path, record: Record, others: dict[Path, Record]) -> list[str]:
    """Why ``record`` cannot stand beside those that were read before it."""
    for other, earlier in others.items():
        if earlier["sha256"] == record["sha256"]:
            return [f"{file}: is the same run as {other}. Name each run once"]
        if earlier["deck"]["title"] != record["deck"]["title"]:
            theirs, ours = record["deck"]["title"], earlier["deck"]["title"]
            return [f"{file}: is about the course {theirs!r}, and {other} about {ours!r}. Report each by itself"]
    return []
