"""Follows a run from the process that the user started, and closes it: the record, the summary, the exit status."""

import datetime
import os
import platform
import time
import warnings

import pytest

from labproof import junit, record
from labproof.summary import write_summary

UNCONDITIONAL = ("", "Skipped", "unconditional skip")


def mode_of(config):
    """How the run talks to Spark, one of ``ledger.MODES``."""
    return "connect" if config.option.remote else "classic"


def files_selected(config):
    """What the user said of the files to collect, in words of the command line; nothing for all of the project's."""
    option = config.option
    words = list(option.file_or_dir)
    words += ["--ignore=%s" % path for path in option.ignore or []]
    return words + ["--ignore-glob=%s" % pattern for pattern in option.ignore_glob or []]


class Recorder:
    """Collects what became of each test, and writes the record twice: unfinished at the start, whole at the end."""

    def __init__(self, config, ledger, run, build):
        self._config = config
        self._ledger = ledger
        self._run = run
        self.path = os.path.join(build, "claims.json")
        self._page = None
        self._outcomes = {}
        self._selected = None
        self._deselected = 0
        self._violations = []
        self._clock = time.monotonic()
        self._started = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.record = None

    def will_run(self, selected, deselected):
        """``selected`` is a dict from the node ids that are going to run to the claims they show."""
        self._selected = selected
        self._deselected = deselected

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self):
        """A run of all that is killed leaves the record of an incomplete run, and no page of an earlier one."""
        if not self._selection():
            record.write(self._compose(complete=False), self.path)
            page = os.path.splitext(self.path)[0] + ".html"
            if os.path.exists(page):
                os.remove(page)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node):
        """A worker of xdist has ended: all of them collected the same."""
        output = getattr(node, "workeroutput", {})
        self._violations = output.get("labproof_violations", self._violations)
        if "labproof_selected" in output:
            self.will_run(output["labproof_selected"], output["labproof_deselected"])

    def pytest_runtest_logreport(self, report):
        new = {"nodeid": report.nodeid, "claims": [], "outcome": "passed", "reason": None, "seconds": 0.0}
        test = self._outcomes.setdefault(report.nodeid, dict(new, properties={}))
        test["seconds"] = round(test["seconds"] + report.duration, 3)
        if report.when == "setup":
            worker = getattr(report, "node", None)
            test["worker"] = worker.gateway.id if worker else "main"
            test["start"] = round(time.monotonic() - self._clock - report.duration, 3)
        if report.when == "teardown":
            test["claims"] = [value for name, value in report.user_properties if name == "claim"]
            test["properties"] = {name: value for name, value in report.user_properties if name != "claim"}
        if report.failed:
            test.update(outcome="failed", reason=_first_line_of(report))
        elif report.skipped and test["outcome"] == "passed":
            reason = _reason_of_skip(report)
            if reason in UNCONDITIONAL:
                test.update(outcome="failed", reason="skipped without a reason. Remedy: say which part is missing.")
            else:
                test.update(outcome="skipped", reason=reason)

    def _compose(self, complete, seconds=0.0):
        selected = self._selected or {}
        about = {
            "spark": self._run.spark,
            "python": platform.python_version(),
            "java": self._run.java.version,
            "java_from": self._run.java.origin,
            "master": self._run.master,
            "mode": mode_of(self._config),
            "machine": "%s %s, %d cores" % (platform.system(), platform.machine(), os.cpu_count()),
            "workers": self._config.getoption("numprocesses", None) or 0,
            "notes": self._run.notes,
            "started": self._started,
            "seconds": round(seconds, 1),
            "complete": complete,
            "selection": self._selection(),
            "labs": record.sources(self._ledger, str(self._config.rootdir)),
        }
        for nodeid, test in self._outcomes.items():
            # One that ended its worker has no report of its own.
            test["claims"] = test["claims"] or selected.get(nodeid, [])
        claims = {name for names in selected.values() for name in names}
        return record.compose(self._ledger, about, self._outcomes, claims)

    def _selection(self):
        """What the user selected the tests by, or None for a run of all."""
        option = self._config.option
        words = files_selected(self._config)
        words += ["-k '%s'" % option.keyword] if option.keyword else []
        words += ["-m '%s'" % option.markexpr] if option.markexpr else []
        if self._deselected and not words:
            words.append("%d tests left out" % self._deselected)
        return " ".join(words) or None

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session, exitstatus):
        """Last, when the workers have told what they selected."""
        ran_all = self._selected is not None and set(self._selected) <= set(self._outcomes)
        complete = int(exitstatus) in (0, 1) and ran_all and not self._violations
        if self._violations:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
            return
        if self._selection() and not any((self._selected or {}).values()):
            # Tests of something else; the record of the course stays what it is.
            return
        self.record = self._compose(complete, time.monotonic() - self._clock)
        record.write(self.record, self.path)
        self._page = self._write_page()
        if getattr(self._config.option, "xmlpath", None):
            junit.add_verdicts(self._config.option.xmlpath, self.record)
        if int(exitstatus) == 0 and (self._fails() or self._lacking()):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _write_page(self):
        """Write what people read beside the record; a line that says where it is, or what it needs."""
        with warnings.catch_warnings():
            # What its libraries warn of is nothing that this run could mend.
            warnings.simplefilter("ignore")
            try:
                from labproof.report.command import write_page
            except ImportError as error:
                return "not written: %s. Remedy: pip install 'labproof[report]', then labproof report" % error
            return os.path.relpath(write_page(self.path), str(self._config.rootdir))

    def _fails(self):
        return [claim for claim in self.record["claims"] if claim["verdict"] == "fails"]

    def _lacking(self):
        """The claims that were to be checked, and had to, but were not."""
        if not self._config.option.require_all:
            return []
        return [
            claim
            for claim in self.record["claims"]
            if claim["verdict"] == "not-checked" and claim["tests"] and claim["reason"] != claim["planned"]
        ]

    def pytest_terminal_summary(self, terminalreporter):
        if self._violations:
            terminalreporter.section("labproof: ledger and tests disagree", red=True)
            for violation in self._violations:
                terminalreporter.write_line(violation)
        elif self.record is not None:
            root = str(self._config.rootdir)
            write_summary(
                terminalreporter, self.record, os.path.relpath(self.path, root), self._lacking(), self._run.deaths()
            )
            terminalreporter.write_line("Page: %s" % self._page)


def _first_line_of(report):
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash else str(report.longrepr)
    return "%s: %s" % (report.nodeid, text.strip().splitlines()[0] if text.strip() else "failed")


def _reason_of_skip(report):
    if hasattr(report, "wasxfail"):
        return "expected to fail: %s" % report.wasxfail if report.wasxfail else ""
    _, _, reason = report.longrepr
    return reason[len("Skipped: ") :] if reason.startswith("Skipped: ") else reason
