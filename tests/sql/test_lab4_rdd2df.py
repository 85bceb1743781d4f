"""Slide 20: rdd2df.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.lab4 import rdd2df

names = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters=",\r\n"), max_size=5)
people = st.tuples(names, st.integers(0, 30))
some_lines = st.sampled_from(["Andy, 30", "Andy", "", "Ändy, x"])


@pytest.mark.slow_start
@pytest.mark.claim("lab4.rdd2df", "local.submit", because="slide 34 says again what slide 20 shows")
def test_make_rdd2df_prints_the_teenager(attendee, record_property):
    printed = attendee.run("make -s rdd2df", lab="lab4").stdout
    record_property("printed", printed)
    assert printed == "Name: Justin\n"


@pytest.mark.claim("lab4.rdd2df")
def test_teens_are_thirteen_to_nineteen(spark, sc):
    lines = sc.parallelize(["Twelve, 12", "Thirteen, 13", "Nineteen, 19", "Twenty, 20"], 2)
    assert rdd2df.teen_names(spark, lines) == ["Name: Thirteen", "Name: Nineteen"]


@pytest.mark.claim("lab4.rdd2df")
@given(
    st.lists(people, min_size=1, max_size=2) | st.lists(people, min_size=30, max_size=60),
    st.integers(1, 4),
)
def test_all_teens_are_named_in_the_order_of_the_lines(spark, sc, people, partitions):
    lines = sc.parallelize(["%s, %d" % person for person in people], partitions)
    assert rdd2df.teen_names(spark, lines) == ["Name: " + name for name, age in people if 13 <= age <= 19]


@pytest.mark.claim("lab4.rdd2df")
def test_the_table_has_text_and_whole_numbers(spark, sc):
    rdd2df.teens(spark, sc.parallelize(["Justin, 19"], 1))
    assert dict(spark.table("people").dtypes) == {"name": "string", "age": "bigint"}


@pytest.mark.claim("lab4.rdd2df")
@pytest.mark.parametrize("line", ["Justin, 19", "Justin,19", ", 19", "Justin, 19, Boston", "Justin, -1"])
def test_a_name_a_comma_and_a_whole_number_is_well_formed(line):
    assert not rdd2df.is_malformed(line)


@pytest.mark.claim("lab4.rdd2df")
@pytest.mark.parametrize(
    "line", ["", "Justin", "Justin,", "Justin; 19", "Justin, nineteen", "Justin, 19.5", "Justin, 9223372036854775808"]
)
def test_anything_else_is_malformed(line):
    assert rdd2df.is_malformed(line)


@pytest.mark.claim("lab4.rdd2df")
@given(st.lists(some_lines, max_size=2) | st.lists(some_lines, min_size=30, max_size=60), st.integers(1, 4))
def test_malformed_lines_are_found_with_their_numbers(sc, lines, partitions):
    found = rdd2df.malformed(sc.parallelize(lines, partitions)).collect()
    assert found == [(line, number) for number, line in enumerate(lines) if line != "Andy, 30"]


@pytest.mark.claim("lab4.rdd2df")
def test_a_malformed_line_of_the_second_file_is_told_with_that_file(spark, data, tmp_path):
    (tmp_path / "more.txt").write_bytes(b"Ada, 36\nBoris\n")
    with pytest.raises(SystemExit) as ended:
        rdd2df.main(str(data / "people.txt"), str(tmp_path / "more.txt"))
    assert ended.value.code == "rdd2df.py: %s, line 2: expected NAME, AGE but found 'Boris'" % (tmp_path / "more.txt")


@pytest.mark.claim("lab4.rdd2df")
def test_the_teens_of_several_files_are_printed(spark, data, tmp_path, capsys):
    (tmp_path / "more.txt").write_bytes("Ada, 36\nZoë, 17\n".encode("utf-8"))
    rdd2df.main(str(data / "people.txt"), str(tmp_path / "more.txt"))
    assert capsys.readouterr().out == "Name: Justin\nName: Zoë\n"


@pytest.mark.claim("lab4.rdd2df")
def test_a_missing_file_is_told(spark, tmp_path):
    nowhere = str(tmp_path / "nowhere.txt")
    with pytest.raises(SystemExit) as ended:
        rdd2df.main(nowhere)
    assert ended.value.code.startswith("rdd2df.py: cannot read %s: Input path does not exist" % nowhere)
    assert "\n" not in ended.value.code


@pytest.mark.claim("lab4.rdd2df")
def test_an_empty_file_is_told(spark, tmp_path):
    (tmp_path / "nobody.txt").write_bytes(b"")
    with pytest.raises(SystemExit) as ended:
        rdd2df.main(str(tmp_path / "nobody.txt"))
    assert ended.value.code == "rdd2df.py: %s is empty: expected lines of NAME, AGE" % (tmp_path / "nobody.txt")
