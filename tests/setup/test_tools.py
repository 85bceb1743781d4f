"""The tools that come with Spark, and GraphX, which Python can only reach through the JVM."""

import importlib.util

import numpy as np
import pytest

from labs.tour import graphx, installed, tools

LINKS = [(1, 2), (1, 3), (2, 3), (3, 1), (4, 3), (4, 5), (5, 4), (5, 1)]


@pytest.fixture(scope="module")
def links_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("graph") / "links.txt"
    path.write_text("# from to\n" + "".join("%d %d\n" % link for link in LINKS))
    return str(path)


def ranks_by_numpy(links, pages, rounds):
    """Page rank as a power iteration: all begin with 1, keep 0.15 and get 0.85 of what others share out."""
    shares = np.zeros((pages, pages))
    for source, target in links:
        shares[target - 1, source - 1] = 1 / sum(source == other for other, _ in links)
    ranks = np.ones(pages)
    for _ in range(rounds):
        ranks = 0.15 + 0.85 * shares.dot(ranks)
    return {page + 1: rank for page, rank in enumerate(ranks)}


@pytest.mark.claim("api.graphx-scala-only")
def test_page_rank_of_graphx_answers_as_numpy_does(sc, links_file):
    assert graphx.page_rank(sc, links_file, rounds=3) == pytest.approx(ranks_by_numpy(LINKS, pages=5, rounds=3))


@pytest.mark.claim("api.graphx-scala-only")
def test_the_example_prints_the_page_of_the_highest_rank_first(sc, links_file, printout):
    graphx.main(links_file)
    ranks = ranks_by_numpy(LINKS, pages=5, rounds=5)
    expected = ["%d: %.4f" % (page, ranks[page]) for page in sorted(ranks, key=ranks.get, reverse=True)]
    assert printout().splitlines() == expected


@pytest.mark.claim("api.graphx-scala-only")
def test_python_has_no_module_for_it():
    assert importlib.util.find_spec("pyspark.graphx") is None
    assert importlib.util.find_spec("pyspark.sql") is not None


@pytest.mark.claim("api.graphx-scala-only")
def test_a_missing_file_of_links_is_named(tmp_path):
    with pytest.raises(SystemExit, match=r"^graphx.py: no such file: .*missing.txt$"):
        graphx.main(str(tmp_path / "missing.txt"))


@pytest.mark.claim("tools.bundled")
@pytest.mark.parametrize("tool", sorted(tools.CLASSES))
def test_the_class_that_a_tool_starts_from_is_on_the_class_path(sc, tool):
    assert installed.load_class(sc, tools.CLASSES[tool]).getName() == tools.CLASSES[tool]


@pytest.mark.claim("tools.bundled")
def test_each_tool_does_a_small_job(spark, printout):
    tools.main()
    assert printout().splitlines() == [
        "Spark SQL: the mean is 3",
        "MLlib: the line is 2.000 x + 1.000",
        "GraphX: 3 vertices, 3 edges",
        "Streaming: 3 lines",
    ]


@pytest.mark.claim("tools.bundled")
def test_streaming_counts_the_lines_of_all_files_however_many_come(spark, tmp_path):
    for name in "abc":
        (tmp_path / name).write_text("one\ntwo\n")
    assert tools.streaming(spark, str(tmp_path)) == 6
