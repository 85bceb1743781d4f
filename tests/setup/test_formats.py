"""Hadoop's formats: each as one writes it and the other reads it, Spark or somebody else."""

import gzip

import pyarrow.orc
import pyarrow.parquet
import pytest

from labs.tour import formats

PAIRS = [(1, "one"), (-2, "naïve café"), (1, ""), (2147483647, "你好 🚀"), (0, "a\tb")]


@pytest.fixture(scope="module", params=["", "_by_old_api", "_by_new_api"], ids=["by name", "old API", "new API"])
def sequence_files(request, sc, tmp_path_factory):
    """A folder with the pairs, as each of the three ways of writing makes it."""
    folder = tmp_path_factory.mktemp("sequence") / "files"
    write = getattr(formats, "write_sequence_file" + request.param)
    write(sc.parallelize(PAIRS, 2), str(folder))
    return folder


@pytest.mark.claim("hadoop.formats")
def test_a_sequence_file_is_read_back_by_its_name_and_by_both_apis(sc, sequence_files):
    assert formats.read_sequence_file(sc, str(sequence_files)).collect() == PAIRS
    assert formats.read_sequence_file_by_old_api(sc, str(sequence_files)).collect() == PAIRS
    assert formats.read_sequence_file_by_new_api(sc, str(sequence_files)).collect() == PAIRS


@pytest.mark.claim("hadoop.formats")
def test_a_sequence_file_is_hadoops_own_with_one_file_for_each_partition(sequence_files):
    parts = sorted(sequence_files.glob("part-*"))
    assert len(parts) == 2
    for part in parts:
        assert part.read_bytes()[:3] == b"SEQ"
        assert b"org.apache.hadoop.io.IntWritable" in part.read_bytes()


@pytest.mark.claim("hadoop.formats")
def test_a_mapper_of_hadoop_is_given_each_line_with_the_number_of_bytes_before_it(sc, tmp_path):
    (tmp_path / "lines.txt").write_bytes("naïve\n\n🚀\nend".encode("utf-8"))
    found = formats.lines_with_offsets(sc, str(tmp_path / "lines.txt")).collect()
    assert found == [(0, "naïve"), (7, ""), (8, "🚀"), (13, "end")]


@pytest.mark.claim("hadoop.formats")
def test_compressed_text_is_a_folder_of_gzip_files_that_anybody_can_read(sc, tmp_path):
    formats.write_compressed_text(sc.parallelize(["naïve", "", "🚀", "end"], 2), str(tmp_path / "text"))
    parts = sorted((tmp_path / "text").glob("part-*.gz"))
    assert [gzip.decompress(part.read_bytes()).decode("utf-8") for part in parts] == ["naïve\n\n", "🚀\nend\n"]


@pytest.mark.claim("hadoop.formats")
def test_a_folder_is_read_as_one_text_whether_its_files_are_compressed_or_not(sc, tmp_path):
    (tmp_path / "part-00000.gz").write_bytes(gzip.compress("naïve\n\n".encode("utf-8")))
    (tmp_path / "part-00001").write_bytes("🚀\nend\n".encode("utf-8"))
    (tmp_path / "_SUCCESS").write_text("not a line of the text")
    assert formats.read_text(sc, str(tmp_path)).collect() == ["naïve", "", "🚀", "end"]


@pytest.fixture
def table(spark):
    """A table of one partition, with something missing and something nested."""
    rows = [(1, "naïve", [1, 2]), (2, None, []), (3, "", None)]
    return spark.createDataFrame(rows, "id long, name string, numbers array<int>").coalesce(1)


AS_DICTS = [
    {"id": 1, "name": "naïve", "numbers": [1, 2]},
    {"id": 2, "name": None, "numbers": []},
    {"id": 3, "name": "", "numbers": None},
]


@pytest.mark.claim("hadoop.formats")
def test_parquet_is_read_back_and_read_by_others(spark, table, tmp_path):
    formats.write_parquet(table, str(tmp_path / "t"))
    assert formats.read_parquet(spark, str(tmp_path / "t")).collect() == table.collect()
    (part,) = (tmp_path / "t").glob("part-*.parquet")
    columns = pyarrow.parquet.read_table(str(part)).to_pydict()
    assert [dict(zip(columns, row)) for row in zip(*columns.values())] == AS_DICTS


@pytest.mark.claim("hadoop.formats")
def test_orc_is_read_back_and_read_by_others(spark, table, tmp_path):
    formats.write_orc(table, str(tmp_path / "t"))
    assert formats.read_orc(spark, str(tmp_path / "t")).collect() == table.collect()
    (part,) = (tmp_path / "t").glob("part-*.orc")
    columns = pyarrow.orc.ORCFile(str(part)).read().to_pydict()
    assert [dict(zip(columns, row)) for row in zip(*columns.values())] == AS_DICTS


@pytest.mark.claim("hadoop.formats")
def test_the_example_prints_what_it_reads_back_of_each_format(spark, printout):
    formats.main()
    printed = dict(line.split(": ", 1) for line in printout().splitlines())
    pairs, row = [(1, "one"), (2, "two"), (3, "three")], "Row(number=1, name='one')"
    assert [printed[name] for name in ("Sequence file", "... by the old API", "... by the new API")] == [str(pairs)] * 3
    assert sorted(eval(printed["Compressed text"])) == ["one", "three", "two"]
    assert row in printed["Parquet"]
    assert row in printed["ORC"]
    assert printed["A folder of text"] == "_SUCCESS part-00000.gz part-00001.gz"
