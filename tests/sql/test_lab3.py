"""Lab 3: the notebook run by a real kernel, and the same cells as functions."""

import ast
import re
from collections import Counter

import nbformat
import pytest
from hypothesis import given
from hypothesis.strategies import lists, text
from pyspark.sql import Row

from labs.lab3 import lab3


def python_words(line):
    r"""What Java's split by \s+ makes of a line: ASCII white space only."""
    return re.split(r"[ \t\n\x0b\f\r]+", line)


def counts(z):
    return {row.w: row["count"] for row in lab3.word_count(z).collect()}


@pytest.fixture(scope="module")
def cells(attendee_of_module):
    """Source and answer of each code cell, in their order, as `make run` prints them."""
    printed = attendee_of_module.run("make --silent run", lab="lab3").stdout
    found = []
    for cell in re.split(r"^In:  ", printed, flags=re.MULTILINE)[1:]:
        source, _, answer = cell.partition("\nOut: ")
        found.append((source.strip(), answer.strip()))
    return found


@pytest.fixture(scope="module")
def notebook(attendee_of_module):
    return nbformat.read(str(attendee_of_module.folder / "labs" / "lab3" / "lab3.ipynb"), as_version=4)


@pytest.mark.slow_start
@pytest.mark.claim("lab3.notebook")
def test_the_last_cell_shows_ten_different_words_and_how_often_the_text_has_each(cells, data, record_property):
    record_property("printed", "\n".join("In:  %s\nOut: %s" % cell for cell in cells))
    lines = (data / "README.md").read_text(encoding="utf-8").split("\n")[:-1]
    expected = Counter(word for line in lines for word in python_words(line))
    source, answer = cells[-1]
    assert source == 'z.groupBy("w").count().take(10)'
    shown = {row.w: row["count"] for row in eval(answer, {"Row": Row})}
    assert len(shown) == 10
    assert shown == {word: expected[word] for word in shown}


@pytest.mark.slow_start
@pytest.mark.claim("modes.notebook")
def test_an_ordinary_python_kernel_runs_every_cell_and_only_the_last_answers(cells, notebook):
    code = [cell.source.replace("\n", "\n     ") for cell in notebook.cells if cell.cell_type == "code"]
    assert [source for source, _ in cells] == code
    assert [bool(answer) for _, answer in cells] == [False, False, False, False, True]


@pytest.mark.claim("lab3.notebook")
def test_the_notebook_is_stored_without_outputs(notebook):
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.id for cell in code] == ["spark", "lines", "functions", "words", "count"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)


@pytest.mark.claim("lab3.notebook")
def test_the_cells_of_the_slide_stand_in_the_functions(notebook):
    with open(lab3.__file__, encoding="utf-8") as source:
        lab = {ast.dump(node) for node in ast.walk(ast.parse(source.read()))}
    words, count = (cell.source for cell in notebook.cells if cell.get("id") in ("words", "count"))
    assert ast.dump(ast.parse(words).body[0].value) in lab
    # The cell takes ten of what the function gives.
    assert ast.dump(ast.parse(count).body[0].value.func.value) in lab


line_of_text = text(alphabet="aàß 🚀\t\u00a0.", max_size=20)


@pytest.mark.claim("lab3.notebook")
@given(lines=lists(line_of_text, max_size=3) | lists(line_of_text, min_size=20, max_size=40))
def test_every_word_between_white_space_is_counted(spark, lines):
    df = spark.createDataFrame([(line,) for line in lines], "value string")
    assert counts(lab3.words(df)) == Counter(word for line in lines for word in python_words(line))


@pytest.mark.claim("lab3.notebook")
def test_the_empty_string_is_counted_as_a_word(spark):
    df = spark.createDataFrame([("to be ",), (" or",), ("",), ("not",)], "value string")
    assert counts(lab3.words(df)) == {"to": 1, "be": 1, "or": 1, "not": 1, "": 3}


@pytest.mark.claim("lab3.notebook")
def test_a_missing_file_is_named(spark, tmp_path):
    with pytest.raises(SystemExit, match=r"^lab3.py: no such file: .*missing.txt$"):
        lab3.main(str(tmp_path / "missing.txt"))


@pytest.mark.claim("lab3.notebook")
def test_make_notebook_opens_it_in_jupyter(attendee_of_module):
    # In Python's place a program that says what it was asked for.
    assert attendee_of_module.run("make notebook PYTHON=echo", lab="lab3").stdout == "-m notebook lab3.ipynb\n"


@pytest.mark.claim("lab3.notebook")
def test_make_notebook_says_what_to_install_where_there_is_no_jupyter(attendee_of_module):
    failed = attendee_of_module.run("make notebook PYTHON=false", lab="lab3", status=2)
    assert "pip install notebook" in failed.stderr.splitlines()[0]
