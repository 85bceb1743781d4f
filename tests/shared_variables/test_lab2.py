"""Lab 2 as functions: right on the course's text and on any other."""

import ast
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import integers, lists, text

from labs.lab2 import shared_variables as lab2

LAB = Path(lab2.__file__).parent

some_lines = lists(text(), min_size=1, max_size=3) | lists(text(), min_size=20, max_size=40)
text_of_words = text(alphabet="aàb \t\n", max_size=20)
few_or_many_words = lists(text_of_words, max_size=3) | lists(text_of_words, min_size=20, max_size=40)


@pytest.mark.claim("lab2.longest-line")
@given(lines=some_lines, partitions=integers(1, 4))
def test_the_longest_line_is_the_one_with_the_most_words(sc, lines, partitions):
    expected = max(len(line.split()) for line in lines)
    assert lab2.longest_line(sc.parallelize(lines, partitions)) == expected


@pytest.mark.claim("lab2.longest-line")
def test_a_line_is_as_long_as_it_has_words_not_letters(sc):
    assert lab2.longest_line(sc.parallelize(["incomprehensibilities", " a  b\tc ", ""])) == 3


@pytest.mark.claim("lab2.longest-line")
def test_an_empty_file_has_no_longest_line_and_the_lab_says_so(sc, tmp_path):
    (tmp_path / "empty.txt").write_text("")
    with pytest.raises(SystemExit, match="^shared_variables.py: there is no line in .*empty.txt$"):
        lab2.main(str(tmp_path / "empty.txt"))


@pytest.mark.claim("lab2.longest-line")
def test_a_missing_file_is_named(sc, tmp_path):
    with pytest.raises(SystemExit, match="^shared_variables.py: Input path does not exist: .*missing.txt$"):
        lab2.main(str(tmp_path / "missing.txt"))


@pytest.mark.claim("lab2.word-count")
@given(lines=few_or_many_words, partitions=integers(1, 4))
def test_each_word_is_counted_as_often_as_it_is_there(sc, lines, partitions):
    expected = Counter(word for line in lines for word in line.split())
    assert dict(lab2.word_count(sc.parallelize(lines, partitions)).collect()) == expected


@pytest.mark.claim("lab2.word-count")
def test_words_differ_by_case_accent_and_punctuation(sc):
    words = sc.parallelize(["café Café cafe café,", "", "   "])
    assert dict(lab2.word_count(words).collect()) == {"café": 1, "Café": 1, "cafe": 1, "café,": 1}


@pytest.mark.claim("lab2.word-count")
def test_each_word_is_printed_with_its_count(sc, capsys):
    lab2.show(sc.parallelize([("spark", 2), ("naïve", 1)], 1))
    assert capsys.readouterr().out == "spark -> 2\nnaïve -> 1\n"


@pytest.mark.claim("lab2.broadcast")
def test_driver_and_tasks_find_the_same_ten_numbers_in_the_broadcast_list(sc):
    assert lab2.broadcast(sc) == ([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 10)


@pytest.mark.claim("lab2.accumulator")
def test_the_tasks_have_added_up_ten(sc):
    assert lab2.accumulator(sc) == 10


@pytest.mark.claim(
    "lab2.longest-line",
    "lab2.word-count",
    "lab2.broadcast",
    "lab2.accumulator",
    because="the lines to type are one text, and the functions are the same lines",
)
def test_every_line_to_type_stands_in_the_lab():
    lab = {ast.dump(node) for node in ast.walk(ast.parse(Path(lab2.__file__).read_text(encoding="utf-8")))}
    typed = ast.parse((LAB / "lines.txt").read_text(encoding="utf-8")).body
    # The first line is the one with the file's name.
    assert [ast.dump(line.value) for line in typed[1:] if ast.dump(line.value) not in lab] == []
