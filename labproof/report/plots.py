"""Pictures of what tests measured and of the run itself: SVG whose text is text and whose colours are the page's.

A test hands in a picture as data, ``record_property("plot", {...})``:

    kind       "points", "stems" (a line from zero to each point) or "bars"
    title      what it shows
    x, y       what the axes are, with unit; bars have only x
    values     pairs: numbers for points and stems, a label and a number for bars
    reference  a line to compare with: {"value": 90, "label": "the slide: 90 %"}; optional
    range      first and last value of the x axis; optional
"""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"
# Drawn in colours that stand for the page's own, so that a picture is light or dark with the page.
COLOURS = {
    "#010101": "var(--ink)",
    "#020202": "var(--muted)",
    "#030303": "var(--line)",
    "#040404": "var(--accent)",
    "#050505": "var(--reference)",
    "#060606": "var(--fails)",
    "#070707": "var(--unchecked)",
    "#080808": "var(--paper)",
}
INK, MUTED, LINE, ACCENT, REFERENCE, FAILS, UNCHECKED, PAPER = COLOURS
OF_OUTCOME = {"passed": ACCENT, "failed": FAILS, "skipped": UNCHECKED}
STYLE: Any = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "svg.hashsalt": "labproof",
    "font.size": 11,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "figure.constrained_layout.use": True,
}
MOST_VALUES = 5_000


class NoPlot(Exception):
    """What a test recorded as a plot is none; says what is wrong with it."""


def draw(plot: Any, name: str) -> str:
    """A plot as SVG; ``name`` begins its ids in the page. Raises :class:`NoPlot`."""
    plot = checked(plot)
    kinds = {"points": _points, "stems": _stems, "bars": _bars}
    bars = plot["kind"] == "bars"
    height = 1.1 + 0.45 * len(plot["values"]) if bars else 3.2

    def fill(axes: Axes) -> None:
        kinds[plot["kind"]](axes, plot["values"])
        axes.set_xlabel(plot.get("x", ""))
        axes.set_ylabel("" if bars else plot.get("y", ""))
        if "range" in plot:
            axes.set_xlim(*plot["range"])
        reference = plot.get("reference")
        if reference:
            line = axes.axvline if bars else axes.axhline
            line(reference["value"], color=REFERENCE, linewidth=1.5, dashes=(5, 3), label=reference["label"])
            # Above the picture: beside the line it might lie on the values.
            axes.legend(loc="lower right", bbox_to_anchor=(1, 1), frameon=False, borderaxespad=0.2)

    return _svg(fill, (5.6, height), plot["title"], name)


def checked(plot: Any) -> dict[str, Any]:
    """The plot as given if it can be drawn. Raises :class:`NoPlot`."""
    if not isinstance(plot, dict):
        raise NoPlot(f"a plot is a dict, not {type(plot).__name__}")
    lacking = [key for key in ("kind", "title", "values") if not plot.get(key)]
    if lacking:
        raise NoPlot(f"it has no {', no '.join(lacking)}")
    if plot["kind"] not in ("points", "stems", "bars"):
        raise NoPlot(f"there is no kind {plot['kind']!r}, only points, stems and bars")
    for key in ("title", "x", "y"):
        if not isinstance(plot.get(key, ""), str):
            raise NoPlot(f"its {key} is no text")
    pairs = plot["values"]
    if not isinstance(pairs, (list, tuple)) or not all(_is_pair(pair) for pair in pairs):
        raise NoPlot("its values are not pairs")
    if len(pairs) > MOST_VALUES:
        raise NoPlot(f"it has {len(pairs)} values, more than {MOST_VALUES}")
    numbers = [number for pair in pairs for number in (pair[1:] if plot["kind"] == "bars" else pair)]
    if "range" in plot:
        if not _is_pair(plot["range"]):
            raise NoPlot("its range is not a pair")
        numbers += plot["range"]
    if "reference" in plot:
        reference = plot["reference"]
        if not isinstance(reference, dict) or not {"value", "label"} <= set(reference):
            raise NoPlot("its reference has no value or no label")
        numbers.append(reference["value"])
    wrong = [n for n in numbers if isinstance(n, bool) or not isinstance(n, (int, float)) or not math.isfinite(n)]
    if wrong:
        raise NoPlot(f"{wrong[0]!r} is no number to draw")
    return plot


def _is_pair(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 2


def _points(axes: Axes, values: list[Any]) -> None:
    axes.plot([x for x, _ in values], [y for _, y in values], "o", color=ACCENT, markersize=7)


def _stems(axes: Axes, values: list[Any]) -> None:
    axes.axhline(0, color=MUTED, linewidth=0.8)
    axes.vlines([x for x, _ in values], 0, [y for _, y in values], color=ACCENT, linewidth=1.2)
    axes.plot([x for x, _ in values], [y for _, y in values], "o", color=ACCENT, markersize=3.5)


def _bars(axes: Axes, values: list[Any]) -> None:
    labels = [str(label) for label, _ in values]
    bars = axes.barh(range(len(values)), [number for _, number in values], color=ACCENT, height=0.6)
    axes.bar_label(bars, labels=[f"{number:.3g}" for _, number in values], padding=4, color=INK)
    axes.set_yticks(range(len(values)), labels)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.tick_params(left=False, labelcolor=INK, axis="y")
    axes.margins(x=0.12)


def longest(tests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tests that took longest, as the time line numbers them."""
    return sorted(tests, key=lambda test: -test["seconds"])[:5]


def timeline(tests: list[dict[str, Any]], name: str) -> str:
    """When which worker ran tests, as SVG: long ones by themselves, short ones together and paler."""
    workers = sorted({test["worker"] for test in tests}, key=lambda worker: (len(worker), worker))
    end = max(test["start"] + test["seconds"] for test in tests)
    outcomes = [outcome for outcome in OF_OUTCOME if any(test["outcome"] == outcome for test in tests)]

    def fill(axes: Axes) -> None:
        for row, worker in enumerate(workers):
            for outcome in outcomes:
                spans = [
                    (test["start"], test["seconds"])
                    for test in tests
                    if test["worker"] == worker and test["outcome"] == outcome
                ]
                place = (row - 0.35, 0.7)
                look: Any = {"facecolor": OF_OUTCOME[outcome]}
                if outcome == "passed":
                    short = [span for span in spans if span[1] <= end / 150]
                    long = [span for span in spans if span[1] > end / 150]
                    axes.broken_barh(_merged(short, end / 1000), place, alpha=0.5, **look)
                    axes.broken_barh(long, place, edgecolor=PAPER, linewidth=0.8, **look)
                else:
                    # Seen however short it was.
                    axes.broken_barh(_merged(spans, end / 300), place, zorder=3, **look)
                # Named once, not once for each worker.
                label = "" if row else outcome
                axes.broken_barh([], (row, 0), color=OF_OUTCOME[outcome], label=label)
        for rank, test in enumerate(longest(tests), 1):
            middle = test["start"] + test["seconds"] / 2
            row = workers.index(test["worker"])
            axes.text(middle, row, str(rank), color=PAPER, ha="center", va="center_baseline", fontsize=10)
        if len(outcomes) > 1:
            axes.legend(loc="lower right", bbox_to_anchor=(1, 1), frameon=False, ncols=3, borderaxespad=0.2)
        axes.set_yticks(range(len(workers)), workers)
        axes.set_ylim(len(workers) - 0.5, -0.5)
        axes.set_xlim(0, end)
        axes.set_xlabel("seconds since the start of the run")
        axes.grid(visible=False, axis="y")
        axes.tick_params(left=False, labelcolor=INK, axis="y")

    return _svg(fill, (11, 0.9 + 0.45 * len(workers)), "When which worker ran tests", name)


def _merged(spans: list[tuple[float, float]], gap: float) -> list[tuple[float, float]]:
    """Spans with those drawn as one that no eye can tell apart: thousands of tests make a small picture."""
    merged: list[tuple[float, float]] = []
    for start, length in sorted(spans):
        length = max(length, gap)
        if merged and start - sum(merged[-1]) < gap:
            first = merged[-1][0]
            merged[-1] = (first, max(sum(merged[-1]), start + length) - first)
        else:
            merged.append((start, length))
    return merged


def _svg(fill: Callable[[Axes], None], size: tuple[float, float], title: str, name: str) -> str:
    # Whatever a user has set for pictures of their own does not count here.
    with matplotlib.rc_context(), warnings.catch_warnings():
        # A sign that matplotlib's own type lacks is in the reader's.
        warnings.simplefilter("ignore")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        figure = Figure(figsize=size)
        figure.patch.set_alpha(0)
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        axes.patch.set_alpha(0)
        fill(axes)
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return _for_a_page(stream.getvalue(), title, name)


def _for_a_page(text: str, title: str, name: str) -> str:
    """The picture as an element of a page: no id of another one, a title for those who can't see it, any width."""
    root = ElementTree.fromstring(text)
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', text))
    for element in root.iter():
        if element.get("id") in used:
            element.set("id", f"{name}-{element.get('id')}")
        else:
            element.attrib.pop("id", None)
        for key, value in element.attrib.items():
            if key == XLINK + "href":
                element.set(key, value.replace("#", f"#{name}-", 1))
            elif "url(#" in value:
                element.set(key, value.replace("url(#", f"url(#{name}-"))
            elif key == "style":
                # In the page's own type.
                element.set(key, re.sub(r"font-family: [^;]*; ", "", value))
    for parent in list(root.iter()):
        for child in list(parent):
            # What a style sheet in a picture says would be said of the whole page.
            if child.tag in (SVG + "metadata", SVG + "style"):
                parent.remove(child)
    for key in "width", "height", "version":
        root.attrib.pop(key, None)
    root.set("role", "img")
    root.set("aria-labelledby", f"{name}-title")
    heading = ElementTree.Element(SVG + "title", {"id": f"{name}-title"})
    heading.text = title
    root.insert(0, heading)
    ElementTree.register_namespace("", SVG.strip("{}"))
    ElementTree.register_namespace("xlink", XLINK.strip("{}"))
    svg = ElementTree.tostring(root, encoding="unicode")
    for drawn, shown in COLOURS.items():
        svg = svg.replace(drawn, shown)
    return svg
