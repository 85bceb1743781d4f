"""Another course has all of it from the wheel alone."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest


@pytest.fixture
def fresh_python(tmp_path, pytestconfig):
    """A Python with labproof from its wheel; what labproof needs, it has from this one."""
    checkout = shutil.copytree(
        str(pytestconfig.rootdir),
        str(tmp_path / "checkout"),
        ignore=shutil.ignore_patterns("build", ".*", "*.egg-info", "tests", "labs", "data"),
    )
    pip = [sys.executable, "-m", "pip"]
    quiet = ["-q", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run(pip + ["wheel", *quiet, "-w", str(tmp_path / "wheel"), checkout], check=True)
    venv.create(str(tmp_path / "venv"), with_pip=False, symlinks=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    (site,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    (wheel,) = (tmp_path / "wheel").glob("labproof-*.whl")
    subprocess.run(pip + ["install", *quiet, "--target", str(site), str(wheel)], check=True)
    (site / "others.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    return python


@pytest.mark.slow_start
def test_a_course_of_its_own_gets_session_claims_verdicts_and_record(
    fresh_python, tmp_path, pytestconfig, share_archives
):
    course = tmp_path / "course"
    shutil.copytree(str(Path(str(pytestconfig.rootdir)) / "docs" / "example-course"), str(course))
    share_archives(course)
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [fresh_python, "-m", "pytest", "-p", "no:cacheprovider"],
        cwd=str(course),
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout
    record = json.loads((course / "build" / "claims.json").read_text(encoding="utf-8"))
    assert [claim["verdict"] for claim in record["claims"]] == ["holds", "holds-with-erratum"]
    assert "labproof: Counting with Spark" in done.stdout
    assert "Page: build/claims.html" in done.stdout
