"""Slide 10: an RDD can be created from files in various supported formats."""

import gzip
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.lab1 import files

pytestmark = pytest.mark.claim("rdd.from-files")


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


# A byte order mark at the start of a file is not part of its first line; it is left out here.
@given(text=(st.text() | st.text("ab\n\r\f\x85\u2028 ä")).map(lambda text: text.lstrip("\ufeff")))
def test_a_text_file_is_cut_at_line_ends_and_nowhere_else(sc, scratch, text):
    path = scratch / "some text.txt"
    path.write_bytes(text.encode("utf-8"))
    lines = re.split("\r\n|\r|\n", text)
    # What stands after the last line end is a line only if there is something.
    assert files.lines_of(sc, str(path)).collect() == (lines if lines[-1] else lines[:-1])


def test_line_ends_of_all_systems_are_line_ends(sc, tmp_path):
    (tmp_path / "lines.txt").write_bytes("unix\nold mac\rwindows\r\n\n\u2028no end\x85here".encode("utf-8"))
    read = files.lines_of(sc, str(tmp_path / "lines.txt")).collect()
    assert read == ["unix", "old mac", "windows", "", "\u2028no end\x85here"]


@pytest.fixture(scope="module")
def seasons(scratch):
    folder = scratch / "seasons"
    folder.mkdir()
    for number, season in enumerate(["spring", "summer", "autumn", "winter"]):
        (folder / ("%d.txt" % number)).write_text("it is\n%s\n" % season)
    (folder / "_not visible.txt").write_text("names with _ or . in front\n")
    (folder / ".nor this.txt").write_text("are passed over\n")
    return folder


def test_a_folder_stands_for_all_its_files(sc, seasons):
    lines = files.lines_of(sc, str(seasons))
    assert sorted(lines.collect()) == ["autumn", "it is", "it is", "it is", "it is", "spring", "summer", "winter"]
    assert lines.getNumPartitions() >= 4


def test_a_pattern_stands_for_the_files_that_fit(sc, seasons):
    assert sorted(files.lines_of(sc, str(seasons / "[12].t?t")).collect()) == ["autumn", "it is", "it is", "summer"]
    assert sorted(files.lines_of(sc, str(seasons / "{0,3}.*")).collect()) == ["it is", "it is", "spring", "winter"]


def test_a_packed_file_is_unpacked_and_is_one_partition(sc, tmp_path):
    with gzip.open(str(tmp_path / "packed.gz"), "wb") as stream:
        stream.write("naïve\ncafé\n".encode("utf-8") * 1000)
    lines = files.lines_of(sc, str(tmp_path / "packed.gz"))
    assert lines.collect() == ["naïve", "café"] * 1000
    assert lines.getNumPartitions() == 1


def test_lines_are_written_packed_and_read_again(sc, tmp_path):
    packed = tmp_path / "packed"
    files.write_lines(sc.parallelize(["naïve", "café", "你好"], 2), str(packed), packed=True)
    parts = sorted(packed.glob("part-*"))
    assert [part.name for part in parts] == ["part-00000.gz", "part-00001.gz"]
    assert b"".join(gzip.decompress(part.read_bytes()) for part in parts).decode("utf-8") == "naïve\ncafé\n你好\n"
    assert sorted(files.lines_of(sc, str(packed)).collect()) == ["café", "naïve", "你好"]


def test_lines_are_written_as_one_file_for_each_partition(sc, tmp_path):
    files.write_lines(sc.parallelize(["one", "two", "three"], 2), str(tmp_path / "text"))
    assert (tmp_path / "text" / "part-00000").read_text() == "one\n"
    assert (tmp_path / "text" / "part-00001").read_text() == "two\nthree\n"
    assert (tmp_path / "text" / "_SUCCESS").exists()


def test_sequence_files_keep_pairs_and_their_types(sc, tmp_path):
    pairs = [("naïve", 1), ("", 2), ("你好", -3)]
    files.write_pairs(sc.parallelize(pairs, 2), str(tmp_path / "pairs"))
    assert (tmp_path / "pairs" / "part-00000").read_bytes().startswith(b"SEQ")
    assert sorted(files.pairs_of(sc, str(tmp_path / "pairs")).collect()) == sorted(pairs)


def test_binary_files_are_read_byte_by_byte(sc, tmp_path):
    content = bytes(range(256)) * 3
    (tmp_path / "all bytes.bin").write_bytes(content)
    (tmp_path / "empty.bin").write_bytes(b"")
    read = {path.rpartition("/")[2]: bytes(data) for path, data in files.bytes_of(sc, str(tmp_path)).collect()}
    assert read == {"all bytes.bin": content, "empty.bin": b""}


def test_whole_text_files_keep_name_and_text_together(sc, seasons):
    read = {path.rpartition("/")[2]: text for path, text in files.texts_of(sc, str(seasons)).collect()}
    assert read == {
        "0.txt": "it is\nspring\n",
        "1.txt": "it is\nsummer\n",
        "2.txt": "it is\nautumn\n",
        "3.txt": "it is\nwinter\n",
    }


def test_the_example_reads_again_what_it_wrote(sc, printout):
    files.main()
    printed = printout()
    assert "a text file                  ['spring', 'summer']" in printed
    assert "part-*1                      ['autumn', 'winter']" in printed
    assert "part-00001.gz" in printed
