"""Pictures of what tests measured."""

import re
from xml.etree import ElementTree

import pytest

pytest.importorskip("labproof.report")
plots = pytest.importorskip("labproof.report.plots", reason="needs matplotlib: pip install 'labproof[report]'")

SVG = "{http://www.w3.org/2000/svg}"
POINTS = {
    "kind": "points",
    "title": "By seed",
    "x": "seed",
    "y": "right, %",
    "values": [[0, 95.5], [1, 91.25], [2, 98]],
}
REFERENCE = {"value": 90, "label": "the slide: 90 %"}


def texts(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter(SVG + "text")]


def test_text_is_text_and_colours_are_the_pages():
    svg = plots.draw(dict(POINTS, reference=REFERENCE), "one")
    assert {"seed", "right, %", "the slide: 90 %"} <= set(texts(svg))
    assert set(re.findall(r"(?:fill|stroke): ([^;\"]+)", svg)) <= {
        "none",
        "var(--ink)",
        "var(--muted)",
        "var(--line)",
        "var(--accent)",
        "var(--reference)",
    }
    assert ElementTree.fromstring(svg).find(SVG + "title").text == "By seed"


def test_each_point_stands_at_its_value_and_the_reference_at_its_own():
    svg = plots.draw(dict(POINTS, values=[[0, 100], [1, 95], [2, 90]], reference=REFERENCE), "one")
    ys = [float(y) for y in re.findall(r'<use [^>]*y="([\d.]+)" style="fill: var\(--accent\)', svg)]
    (line,) = re.findall(r'<path d="M [\d.]+ ([\d.]+) [^"]*" [^>]*stroke-dasharray[^>]*var\(--reference\)', svg)[:1]
    assert ys[1] - ys[0] == pytest.approx(ys[2] - ys[1], abs=0.01)
    assert ys[2] == pytest.approx(float(line), abs=0.01)


def test_stems_start_at_zero_and_the_axis_has_the_range_that_is_asked_for():
    svg = plots.draw({"kind": "stems", "title": "Sparse", "values": [[10, 1], [20, -1]], "range": [0, 692]}, "one")
    assert "600" in texts(svg)


def test_bars_carry_their_labels_and_their_numbers():
    svg = plots.draw(
        {"kind": "bars", "title": "Race", "x": "seconds", "values": [["RDD", 4.3125], ["DataFrame", 0.5]]}, "one"
    )
    assert {"RDD", "DataFrame", "4.31", "0.5", "seconds"} <= set(texts(svg))


def test_two_pictures_of_a_page_share_no_id():
    first, second = [set(re.findall(r' id="([^"]+)"', plots.draw(POINTS, name))) for name in ("one", "two")]
    assert first
    assert not first & second
    svg = plots.draw(POINTS, "one")
    used = set(re.findall(r"url\(#([^)]+)\)", svg)) | set(re.findall(r'href="#([^"]+)"', svg))
    assert used <= first


def test_a_sign_of_money_is_no_formula_and_a_strange_letter_no_error():
    svg = plots.draw(dict(POINTS, x="from $1 to $2 in 東京", title="<&>"), "one")
    assert "from $1 to $2 in 東京" in texts(svg)


@pytest.mark.parametrize(
    ("plot", "complaint"),
    [
        ([1, 2], "a plot is a dict, not list"),
        ({"title": "x"}, "it has no kind, no values"),
        (dict(POINTS, values=[]), "it has no values"),
        (dict(POINTS, kind="pie"), "there is no kind 'pie', only points, stems and bars"),
        (dict(POINTS, values=[1, 2]), "its values are not pairs"),
        (dict(POINTS, values=7), "its values are not pairs"),
        (dict(POINTS, values=[["a", 2]]), "'a' is no number to draw"),
        (dict(POINTS, values=[[0, float("nan")]]), "nan is no number to draw"),
        (dict(POINTS, values=[[0, True]]), "True is no number to draw"),
        (dict(POINTS, values=[[0, 1]] * 5001), "it has 5001 values, more than 5000"),
        (dict(POINTS, reference={"value": 1}), "its reference has no value or no label"),
        (dict(POINTS, reference={"value": "1", "label": "one"}), "'1' is no number to draw"),
        (dict(POINTS, range=[0, "end"]), "'end' is no number to draw"),
        (dict(POINTS, range=[0]), "its range is not a pair"),
        (dict(POINTS, title=["a"]), "its title is no text"),
    ],
)
def test_what_is_no_plot_is_told(plot, complaint):
    with pytest.raises(plots.NoPlot) as caught:
        plots.draw(plot, "one")
    assert str(caught.value) == complaint


def a_test(start, seconds, worker="gw0", outcome="passed"):
    return {"start": start, "seconds": seconds, "worker": worker, "outcome": outcome}


def test_the_time_line_has_a_row_for_each_worker_and_a_colour_for_each_outcome():
    tests = [a_test(0, 1), a_test(1, 1, "gw10"), a_test(2, 1, "gw2"), a_test(3, 2, outcome="failed")]
    svg = plots.timeline(tests, "run")
    assert [text for text in texts(svg) if text.startswith("gw")] == ["gw0", "gw2", "gw10"]
    assert {"passed", "failed"} <= set(texts(svg))
    assert "var(--fails)" in svg


def test_a_time_line_of_thousands_of_tests_stays_small():
    tests = [a_test(number * 0.01, 0.009, "gw%d" % (number % 2)) for number in range(6000)]
    assert len(plots.timeline(tests, "run")) < 50000


def test_the_longest_tests_are_numbered_in_the_time_line():
    tests = [a_test(start=10 * number, seconds=number) for number in range(1, 9)]
    assert [test["seconds"] for test in plots.longest(tests)] == [8, 7, 6, 5, 4]
    svg = plots.timeline(tests, "run")
    places = {text: float(x) for x, text in re.findall(r'x="([\d.]+)" y="[^"]+"[^>]*>([1-5])<', svg)}
    assert sorted(places, key=places.get) == ["5", "4", "3", "2", "1"]


def test_a_failure_is_seen_however_short_it_was():
    svg = plots.timeline([a_test(0, 1000), a_test(1000, 0.001, outcome="failed")], "run")
    corners = r'<path d="M ([\d.]+) [\d.]+ +L [\d.]+ [\d.]+ +L ([\d.]+) [^"]*" clip-path[^>]*fill: var\(--fails\)'
    ((left, right),) = re.findall(corners, svg)
    assert float(right) - float(left) > 2


def test_tests_that_no_eye_can_tell_apart_are_drawn_as_one():
    assert plots._merged([(0, 1), (1.001, 1), (5, 0)], 0.01) == [(0, 2.001), (5, 0.01)]
