"""What ``labproof report`` does, and what a run does at its end."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

from rich.console import Console

from labproof.report import page, terminal
from labproof.report.matrix import as_json, compare
from labproof.report.records import Record, Refused, read, read_all

__all__ = ["Refused", "report", "write_page"]


def write_page(record: str) -> str:
    """Write the page of the record at this path beside it; where it is. Raises :class:`Refused`."""
    path = Path(record)
    target = path.with_suffix(".html")
    page.write(page.html_of_run(read(path)), target)
    return str(target)


def report(paths: list[str], kind: str, output: str | None) -> int:
    """Write what records say as ``kind`` (html, markdown, json, text) to a file, or to the terminal; exit status.

    Raises :class:`Refused`, and ``OSError`` where nothing can be written.
    """
    records = read_all([Path(path) for path in paths])
    one = len(records) == 1
    if output is None and kind == "html":
        first = Path(paths[0])
        output = str(first.with_suffix(".html") if one and first.is_file() else Path("build") / "matrix.html")
    if kind == "text" and output in (None, "-"):
        _write_text(Console(), records, paths)
        return 0
    text = _text(records, kind, paths)
    if output in (None, "-"):
        sys.stdout.write(text)
    else:
        page.write(text, Path(output))
        print(f"Written: {os.path.relpath(output)}")
    return 0


def _text(records: list[Record], kind: str, paths: list[str]) -> str:
    one = len(records) == 1
    if kind == "html":
        return page.html_of_run(records[0]) if one else page.html_of_matrix(compare(records))
    if kind == "markdown":
        return page.markdown_of_run(records[0]) if one else page.markdown_of_matrix(compare(records))
    if kind == "json":
        content = records[0] if one else as_json(compare(records))
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    plain = io.StringIO()
    _write_text(Console(file=plain, width=120), records, paths)
    return plain.getvalue()


def _write_text(console: Console, records: list[Record], paths: list[str]) -> None:
    if len(records) == 1:
        terminal.write_run(console, records[0], Path(paths[0]))
    else:
        terminal.write_matrix(console, compare(records))
