"""A small course of its own, for the tests that look at a run from outside."""

import json
import os
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import pytest

from labproof.plugin import build_folder

CLAIMS = """
[deck]
title = "Sums"
slides = 1
[[section]]
id = "sums"
title = "Sums"
"""


@pytest.fixture(scope="session")
def share_archives(pytestconfig):
    """Lets a course in a folder of its own use this checkout's class archives."""
    archives = Path(build_folder(pytestconfig)) / "jvm"

    def share(folder):
        if archives.exists():
            (folder / "build").mkdir()
            (folder / "build" / "jvm").symlink_to(archives)

    return share


class Course:
    """A course in ``folder``: ``claims`` (ids, or ids and further lines of TOML) and one module of tests."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "tests" / "sums").mkdir(parents=True)
        (folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\nxfail_strict = true\n", encoding="utf-8")

    def has(self, tests, **claims):
        """Write the ledger with these claims and the module with these tests."""
        entries = [
            '[[claim]]\nid = "%s"\nsection = "sums"\nslide = [1]\nsays = "It is so."\n%s\n' % entry
            for entry in claims.items()
        ]
        if claims:
            (self.folder / "tests" / "claims.toml").write_text(CLAIMS + "".join(entries), encoding="utf-8")
        module = "import pytest\nclaim = pytest.mark.claim\n" + tests
        (self.folder / "tests" / "sums" / "test_sums.py").write_text(module, encoding="utf-8")

    def start(self, *arguments, **environ):
        """Start pytest in the course; its output goes to one pipe."""
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly"]
        return subprocess.Popen(
            command + list(arguments),
            cwd=str(self.folder),
            env=dict(os.environ, **environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
        )

    def run(self, *arguments, **environ):
        """Run pytest in the course; its exit status and its output."""
        process = self.start(*arguments, **environ)
        output, _ = process.communicate(timeout=180)
        return process.returncode, output

    @property
    def record_path(self):
        return self.folder / "build" / "claims.json"


@pytest.fixture
def course(tmp_path, share_archives):
    """A course without claims and tests."""
    share_archives(tmp_path)
    return Course(tmp_path)


@pytest.fixture(scope="session")
def told():
    """What ``labproof parts serve`` tells of its server on its output; fails when the server ends before that."""
    return lambda process: json.loads("".join(takewhile(lambda line: line != "}\n", process.stdout)) + "}")
