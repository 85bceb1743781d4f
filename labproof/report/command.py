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

    Raises :class:`Refused` when the records that can be trusted are shown and some cannot, and ``OSError`` where
    nothing can be written.
    """
    records, refused = read_all([Path(path) for path in paths])
    if output is None and kind == "html":
        (first, *others) = records
        output = str(Path("build") / "matrix.html" if others else first.with_suffix(".html"))
    if output not in (None, "-"):
        page.write(_text(records, kind), Path(output))
        print(f"Written: {os.path.relpath(output)}")
    elif kind == "text":
        _write_text(Console(), records)
    else:
        sys.stdout.write(_text(records, kind))
    if refused:
        raise Refused(refused)
    return 0


def _text(records: dict[Path, Record], kind: str) -> str:
    runs = list(records.values())
    one = runs[0] if len(runs) == 1 else None
    if kind == "html":
        return page.html_of_run(one) if one else page.html_of_matrix(compare(runs))
    if kind == "markdown":
        return page.markdown_of_run(one) if one else page.markdown_of_matrix(compare(runs))
    if kind == "json":
        return json.dumps(one or as_json(compare(runs)), indent=1, ensure_ascii=False) + "\n"
    plain = io.StringIO()
    _write_text(Console(file=plain, width=120), records)
    return plain.getvalue()


def _write_text(console: Console, records: dict[Path, Record]) -> None:
    if len(records) == 1:
        ((path, record),) = records.items()
        terminal.write_run(console, record, path)
    else:
        terminal.write_matrix(console, compare(list(records.values())))
