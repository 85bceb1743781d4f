"""The labs' input files are the ones that data/make.py makes and data/SOURCES.md describes."""

import gzip
import hashlib
import re
import runpy
from pathlib import Path

import pyspark
import pytest

DATA = Path(__file__).resolve().parents[2] / "data"
ROW = re.compile(r"^\| `(?P<file>[^`]+)` \|.*\| (?P<licence>[^|]+) \| `(?P<sha>[0-9a-f]{64})` \|$", re.MULTILINE)
NOT_INPUT = {".gitattributes", "SOURCES.md", "make.py"}

LISTED = [match.groupdict() for match in ROW.finditer((DATA / "SOURCES.md").read_text(encoding="utf-8"))]


@pytest.fixture(scope="module")
def made_again(tmp_path_factory):
    pytest.importorskip("pyarrow", reason="needs pyarrow: pip install pyarrow")
    pytest.importorskip("sklearn", reason="needs scikit-learn: pip install scikit-learn")
    folder = tmp_path_factory.mktemp("data")
    runpy.run_path(str(DATA / "make.py"))["make"](folder)
    return folder


def input_files(folder):
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    # Who has MNIST itself puts it into data/mnist.
    ours = (path for path in paths if path.name not in NOT_INPUT and path.suffix != ".pyc" and path.parts[0] != "mnist")
    return {path.as_posix() for path in ours}


def test_sources_has_one_row_for_each_input_file():
    ours = [row["file"] for row in LISTED if not row["file"].startswith("pyspark/")]
    assert sorted(ours) == sorted(input_files(DATA))


@pytest.mark.parametrize("row", LISTED, ids=[row["file"] for row in LISTED])
def test_sources_tells_the_true_sha_256_and_the_licence(row):
    folder = Path(pyspark.__file__).parents[1] if row["file"].startswith("pyspark/") else DATA
    assert hashlib.sha256((folder / row["file"]).read_bytes()).hexdigest() == row["sha"]
    assert row["licence"] == ("CC-BY-4.0" if row["file"].startswith("lab8/") else "Apache-2.0")


def test_the_script_makes_the_same_bytes_again(made_again):
    assert input_files(made_again) == input_files(DATA)
    for name in sorted(input_files(DATA) - {"users.parquet"}):
        # Another release of zlib packs the same bytes in another way.
        unpack = gzip.decompress if name.endswith(".gz") else bytes
        again, committed = [unpack((folder / name).read_bytes()) for folder in (made_again, DATA)]
        assert again == committed, name


def test_the_script_makes_the_same_users_again(made_again):
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow: pip install pyarrow")
    again, committed = (parquet.read_table(str(folder / "users.parquet")) for folder in (made_again, DATA))
    assert again.to_pydict() == committed.to_pydict()
    for table in (again, committed):
        name, color, numbers = table.schema
        assert (name.name, str(name.type)) == ("name", "string")
        assert (color.name, str(color.type)) == ("favorite_color", "string")
        assert (numbers.name, str(numbers.type.value_type)) == ("favorite_numbers", "int32")


def test_the_users_are_in_the_parquet_format_that_spark_2_3_reads():
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow: pip install pyarrow")
    metadata = parquet.ParquetFile(str(DATA / "users.parquet")).metadata
    assert metadata.format_version == "1.0"
    assert metadata.row_group(0).column(0).compression == "UNCOMPRESSED"


def test_the_key_value_file_is_in_hives_own_format():
    lines = (DATA / "kv1.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("\x01") for line in lines]
    assert len(pairs) == 500
    assert all(value == "val_" + key and 0 <= int(key) < 500 for key, value in pairs)
    assert len({key for key, _ in pairs}) < 500, "without a key that comes twice, grouping shows nothing"
