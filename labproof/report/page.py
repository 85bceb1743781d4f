"""Writes what people read, as HTML or Markdown: one file, whole or not at all, that needs nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.util import ClassNotFound

from labproof.report import view
from labproof.report.matrix import Matrix
from labproof.report.records import Record

TEMPLATES = Path(__file__).parent / "templates"


def html_of_run(record: Record) -> str:
    """The page of one run."""
    claims = view.shown(record)
    return _page(
        "run.html",
        state=view.state(record),
        record=record,
        claims=claims,
        figures=_figures(claims),
        timeline=_timeline(record, view.tests_of(claims)),
        printed=view.printed(claims),
        code={lab: _highlighted(lab, record["labs"][lab]) for lab in _labs(claims) if lab in record["labs"]},
    )


def html_of_matrix(matrix: Matrix) -> str:
    """The page of several runs."""
    return _page("matrix.html", state="complete", matrix=matrix)


def markdown_of_run(record: Record) -> str:
    """One run as Markdown."""
    return _markdown("run.md", record=record, claims=view.shown(record), state=view.state(record))


def markdown_of_matrix(matrix: Matrix) -> str:
    """Several runs as Markdown."""
    return _markdown("matrix.md", matrix=matrix)


def write(text: str, path: Path) -> None:
    """Write a file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


def _page(template: str, **values: Any) -> str:
    environment = _environment(autoescape=True)
    environment.filters["inline"] = inline
    script = (TEMPLATES / "page.js").read_text(encoding="utf-8")
    # The page runs this script and no other, whatever a lab may have printed.
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    style = (TEMPLATES / "page.css").read_text(encoding="utf-8") + _colours_of_code()
    return environment.get_template(template).render(
        script=Markup(script), allowed=f"sha256-{allowed}", style=Markup(style), **values
    )


def _markdown(template: str, **values: Any) -> str:
    environment = _environment(autoescape=False)
    environment.filters["inline"] = view.for_markdown
    return environment.get_template(template).render(**values)


def _environment(autoescape: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(view=view)
    environment.filters.update(anchor=anchor, begin=view.begin, duration=view.duration, sentence=view.sentence)
    return environment


def inline(text: str) -> Markup:
    """A sentence of the ledger: what it has in backticks is code."""
    parts = str(text).split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )


def anchor(name: str) -> str:
    """A name as the end of an id in the page."""
    return re.sub(r"\s", "-", name)


def _labs(claims: list[view.Entry]) -> list[str]:
    return sorted({claim["lab"] for claim in claims if claim["lab"] and claim["tests"]})


def _figures(claims: list[view.Entry]) -> list[dict[str, Any]]:
    figures: dict[str, dict[str, Any]] = {}
    for claim in claims:
        for test in claim["tests"]:
            if "plot" in test["properties"] and test["nodeid"] not in figures:
                name = f"figure-{len(figures) + 1}"
                figures[test["nodeid"]] = {"name": name, "claim": claim, **_drawn(test["properties"]["plot"], name)}
    return list(figures.values())


def _drawn(plot: Any, name: str) -> dict[str, Any]:
    # Loaded only where there is something to draw.
    from labproof.report import plots

    try:
        return {"svg": Markup(plots.draw(plot, name)), "plot": plot, "wrong": None}
    except plots.NoPlot as wrong:
        return {"svg": None, "plot": None, "wrong": str(wrong)}


def _timeline(record: Record, tests: list[view.Entry]) -> dict[str, Any] | None:
    timed = [test for test in tests if "start" in test]
    # Of a few seconds nobody asks where they went, and the library takes half a second to load.
    if record["seconds"] < 5 or view.state(record) == "partial" or not timed:
        return None
    from labproof.report import plots

    return {"svg": Markup(plots.timeline(timed, "timeline")), "longest": plots.longest(timed)}


def _highlighted(path: str, text: str) -> list[Markup]:
    """The code of a lab, a notebook as its cells."""
    if path.endswith(".ipynb"):
        cells = [("".join(cell["source"]), cell["cell_type"]) for cell in _cells(text)]
        lexers = [(source, "python" if kind == "code" else "text") for source, kind in cells if source.strip()]
        return [_code(source, get_lexer_by_name(name)) for source, name in lexers]
    try:
        lexer = get_lexer_for_filename(path)
    except ClassNotFound:
        lexer = get_lexer_by_name("text")
    return [_code(text, lexer)]


def _cells(text: str) -> list[dict[str, Any]]:
    try:
        return json.loads(text)["cells"]
    except (ValueError, KeyError, TypeError):
        return [{"source": text, "cell_type": "raw"}]


def _code(source: str, lexer: Any) -> Markup:
    # The formatter escapes the source.
    return Markup(highlight(view.clean(source), lexer, HtmlFormatter(nowrap=True)))


@cache
def _colours_of_code() -> str:
    light, dark = (HtmlFormatter(style=name) for name in ("default", "github-dark"))
    rules = [line for line in light.get_style_defs(".code").splitlines() if line.startswith(".code .")]
    night = [line for line in dark.get_style_defs(".code").splitlines() if line.startswith(".code .")]
    return "\n".join(
        [*rules, "@media screen and (prefers-color-scheme: dark) {", *night, "}"],
    )
