"""Lab 1 with DataFrames, slide 17: the same counts as with an RDD."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.lab1 import rdd, rdd_df

pytestmark = pytest.mark.claim("sql.lab1")


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("lab1")


@given(
    text=st.text() | st.text("ab\n\r ä"),
    letter=st.sampled_from(["a", "b", "ä", "你"]),
)
def test_a_data_frame_counts_what_the_rdd_counts_on_any_text(spark, sc, scratch, text, letter):
    path = scratch / "text.txt"
    path.write_bytes(text.encode("utf-8"))
    with_data_frame = rdd_df.lines_with(spark.read.text(str(path)), letter)
    assert with_data_frame == rdd.lines_with(sc.textFile(str(path)), letter)


@given(
    lines=st.lists(st.text() | st.text("ab%_\\ ä"), max_size=100),
    letter=st.sampled_from(["a", "ab", "ä", "%", "_", "\\"]),
)
def test_each_row_counts_once_however_often_it_has_the_letter(spark, lines, letter):
    rows = spark.createDataFrame([(line,) for line in lines], "value string")
    assert rdd_df.lines_with(rows, letter) == sum(letter in line for line in lines)


def test_the_lab_prints_the_counts_of_the_course_text(spark, printout):
    rdd_df.main()
    assert printout() == "Lines with a: 38, lines with b: 19\n"


def test_several_files_count_as_one(spark, tmp_path, capsys):
    (tmp_path / "one.txt").write_text("a\nab\n")
    (tmp_path / "other.txt").write_text("b\na b\nA\n")
    rdd_df.main(str(tmp_path / "one.txt"), str(tmp_path / "other.txt"))
    assert capsys.readouterr().out == "Lines with a: 3, lines with b: 3\n"


@pytest.mark.slow_start
@pytest.mark.claim("local.submit", because="slide 34 says again what slide 17 shows")
def test_make_counts_the_text_that_it_is_given(attendee_of_module):
    (attendee_of_module.folder / "my text.txt").write_bytes("Abba\nnaïve café\n\nbb\n".encode("utf-8"))
    done = attendee_of_module.run(["make", "rdd_df", "FILE=../../my text.txt"], lab="lab1")
    assert done.stdout.splitlines()[-1] == "Lines with a: 2, lines with b: 2"
