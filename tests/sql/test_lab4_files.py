"""Slide 21: files.py, in the session of the tests; test_lab4_hive.py runs it as attendees do."""

from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from printed import tables

from labs.lab4 import files

USERS = [("Alyssa", None, [3, 9]), ("Ben", "red", []), ("Chloé", "green", [7])]


@pytest.fixture
def users(spark):
    """A DataFrame to save, and nothing left in the catalog afterwards."""
    yield spark.createDataFrame(USERS, "name STRING, favorite_color STRING, favorite_numbers ARRAY<INT>")
    spark.sql("DROP TABLE IF EXISTS users")
    spark.sql("DROP TABLE IF EXISTS users1")


def type_of(spark, name):
    (type_,) = [table.tableType for table in spark.catalog.listTables() if table.name == name]
    return type_


def location_of(spark, table):
    """The folder where the catalog says that the table's files are."""
    (url,) = [row[1] for row in spark.sql("DESCRIBE FORMATTED " + table).collect() if row[0] == "Location"]
    return Path(unquote(urlparse(url).path))


@pytest.mark.claim("lab4.files")
def test_two_columns_are_taken(users):
    taken = files.names_and_colors(users)
    assert taken.columns == ["name", "favorite_color"]
    assert taken.collect() == [("Alyssa", None), ("Ben", "red"), ("Chloé", "green")]


@pytest.mark.claim("lab4.files")
@pytest.mark.parametrize("folder", ["plain", "a blank", "Übergröße", "back`tick"])
def test_sql_asks_the_file_itself(spark, users, tmp_path, folder):
    users.coalesce(1).write.parquet(str(tmp_path / folder))
    assert files.query_file(spark, str(tmp_path / folder)).collect() == USERS


@pytest.mark.claim("lab4.files")
def test_show_prints_the_table_by_itself_and_returns_none(users, capsys):
    assert users.show() is None
    assert len(tables(capsys.readouterr().out)) == 1


@pytest.mark.claim("lab4.files")
def test_a_managed_table_is_deleted_with_its_files(spark, users):
    files.save_managed(users, "users1")
    folder = location_of(spark, "users1")
    assert type_of(spark, "users1") == "MANAGED"
    assert sorted(spark.table("users1").collect()) == USERS
    assert list(folder.glob("*.parquet"))
    spark.sql("DROP TABLE users1")
    assert not folder.exists()


@pytest.mark.claim("lab4.files")
def test_an_external_table_leaves_its_files_behind(spark, users, tmp_path):
    folder = tmp_path / "hive"
    files.save_external(users, "users", str(folder))
    assert type_of(spark, "users") == "EXTERNAL"
    assert location_of(spark, "users") == folder
    spark.sql("DROP TABLE users")
    assert sorted(spark.read.parquet(str(folder)).collect()) == USERS


@pytest.mark.claim("lab4.files")
def test_a_relative_path_of_a_table_leads_elsewhere_than_the_slide_says(spark, users, measured):
    files.save_external(users, "users", "labproof-relative/hive")
    files.save_managed(users, "users1")
    in_the_warehouse = location_of(spark, "users") == location_of(spark, "users1").parent / "labproof-relative" / "hive"
    assert ("warehouse" if in_the_warehouse else "current folder") == measured("relative path counts from")
    assert spark.table("users").count() == measured("rows behind a relative path")


@pytest.mark.claim("lab4.files")
def test_run_twice_it_tells_what_is_there_and_how_to_remove_it(spark, users, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    files.main()
    (shown,) = tables(capsys.readouterr().out)
    assert [row[0] for row in shown] == ["name", "Alyssa", "Ben", "Chloé", "Dagny", "Émile"]
    assert spark.read.parquet("file://%s/output/t.parquet" % tmp_path).columns == ["name", "favorite_color"]
    with pytest.raises(SystemExit) as ended:
        files.main()
    assert ended.value.code == (
        "files.py: an earlier run left output/t.parquet, output/hive, table users1, table users; "
        "remove that first: make clean, or rm -r output spark-warehouse metastore_db"
    )
    assert capsys.readouterr().out == ""


@pytest.mark.claim("lab4.files")
def test_make_clean_removes_what_an_earlier_run_left_and_nothing_else(attendee):
    lab = attendee.folder / "labs" / "lab4"
    before = sorted(path.name for path in lab.iterdir())
    for name in ("output/hive", "spark-warehouse/users1", "metastore_db"):
        (lab / name).mkdir(parents=True)
    (lab / "derby.log").write_bytes(b"")
    attendee.run("make clean", lab="lab4")
    assert sorted(path.name for path in lab.iterdir()) == before


@pytest.mark.claim("lab4.files")
def test_what_is_left_of_a_warehouse_alone_is_told_too(spark, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spark-warehouse" / "users1").mkdir(parents=True)
    with pytest.raises(SystemExit, match="an earlier run left spark-warehouse/users1; remove that first"):
        files.main()


@pytest.mark.claim("lab4.files")
def test_a_missing_file_is_told_and_nothing_is_made(spark, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        files.main(str(tmp_path / "nowhere.parquet"))
    assert ended.value.code.startswith("files.py: cannot read %s/nowhere.parquet: Input path does not exist" % tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.claim("lab4.files")
def test_a_file_that_is_not_parquet_is_told_in_one_line(spark, data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        files.main(str(data / "people.txt"))
    assert ended.value.code.startswith("files.py: cannot read %s: " % (data / "people.txt"))
    assert "\n" not in ended.value.code
