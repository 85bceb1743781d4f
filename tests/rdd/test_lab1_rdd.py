"""Lab 1, slide 13: lines with an a, lines with a b."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.lab1 import rdd

pytestmark = pytest.mark.claim("lab1.rdd")

TEXT = "Abba\nblau\nnaïve café\n\nbb\na\n  a b  \nÄ\n"
COUNTED = "Lines with a: 5, lines with b: 4"


@given(
    lines=st.lists(st.text() | st.text("abAB ä\t"), max_size=200),
    letter=st.sampled_from(["a", "b", "ä", "你"]),
    partitions=st.integers(1, 4),
)
def test_each_line_counts_once_however_often_it_has_the_letter(sc, lines, letter, partitions):
    assert rdd.lines_with(sc.parallelize(lines, partitions), letter) == sum(letter in line for line in lines)


def test_the_lab_prints_the_counts_of_the_course_text(sc, printout):
    rdd.main()
    context, kind, counts = printout().splitlines()
    assert context.startswith("<SparkContext master=%s " % sc.master)
    assert kind.startswith("<class 'pyspark.")
    assert kind.endswith("RDD'>")
    assert counts == "Lines with a: 38, lines with b: 19"


def test_several_files_count_as_one(sc, tmp_path, capsys):
    (tmp_path / "one.txt").write_text("a\nab\n")
    (tmp_path / "other.txt").write_text("b\na b\nA\n")
    rdd.main(str(tmp_path / "one.txt"), str(tmp_path / "other.txt"))
    assert capsys.readouterr().out.splitlines()[-1] == "Lines with a: 3, lines with b: 3"


@pytest.fixture(scope="module")
def mine(attendee_of_module):
    path = attendee_of_module.folder / "my text.txt"
    path.write_bytes(TEXT.encode("utf-8"))
    return path


@pytest.mark.slow_start
@pytest.mark.claim("local.submit", because="slide 34 says again what slide 13 shows")
def test_make_and_spark_submit_count_my_text(attendee_of_module, mine):
    done = attendee_of_module.run(["make", "rdd", "FILE=../../" + mine.name], lab="lab1")
    assert done.stdout.splitlines()[0] == 'spark-submit rdd.py "../../%s"' % mine.name
    assert done.stdout.splitlines()[-1] == COUNTED


@pytest.mark.slow_start
def test_python_counts_the_course_text_from_any_folder(attendee_of_module):
    done = attendee_of_module.run("python labs/lab1/rdd.py")
    assert done.stdout.splitlines()[-1] == "Lines with a: 38, lines with b: 19"


@pytest.mark.slow_start
def test_a_file_that_is_not_there_is_named_in_one_line(attendee_of_module):
    done = attendee_of_module.run("spark-submit rdd.py nowhere.txt", lab="lab1", status=1)
    place = "file:%s/labs/lab1/nowhere.txt" % attendee_of_module.folder
    # spark-submit writes to standard output what Python writes to standard error.
    assert done.stdout.splitlines()[-1] == "rdd.py: Input path does not exist: " + place
    assert "Traceback" not in done.stdout + done.stderr
    assert "\tat " not in done.stdout + done.stderr


def test_make_alone_lists_the_labs(attendee_of_module):
    listed = attendee_of_module.run("make", lab="lab1").stdout
    for script in (attendee_of_module.folder / "labs" / "lab1").glob("*.py"):
        assert "make %s " % script.stem in listed
