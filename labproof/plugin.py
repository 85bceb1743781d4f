"""The pytest plugin: a Spark session for any suite; for a course with a ledger also claims, verdicts and a record."""

import logging
import os
import subprocess
import sys

import pytest

from labproof.archive import is_there
from labproof.java import NoJava
from labproof.ledger import Ledger, LedgerError, MarkedTest
from labproof.record import NOT_HERE
from labproof.recorder import Recorder
from labproof.run import LOCAL, Gateways, MasterNotFound, Run, SparkDidNotStart, SparkNotFound, spark_installed
from labproof.session import RemoteSession, SharedSession, is_missing_in_connect, own_session

# What a test says of itself travels with its report, also from an xdist worker to the controller.
CLAIM = "claim"


def pytest_addoption(parser):
    group = parser.getgroup("labproof", "labproof: a Spark course as an executable specification")
    group.addoption("--require-all", action="store_true", help="fail when a claim that has tests could not be checked")
    group.addoption(
        "--master", default=LOCAL, help="where the shared session runs its jobs: spark://HOST:PORT, yarn (%(default)s)"
    )
    group.addoption("--remote", help="a Spark Connect server to ask in place of a session of our own: sc://HOST:PORT")
    parser.addini("labproof_ledger", "the course's claims, relative to the root folder", default="tests/claims.toml")
    parser.addini(
        "labproof_build", "where records and class archives are kept, relative to the root folder", default="build"
    )


def pytest_configure(config):
    config.addinivalue_line("markers", "claim(*ids, because=None): the claim of the ledger that the test shows")
    config.addinivalue_line("markers", "slow_start: the test starts processes of its own, so it is run early")
    if getattr(config.option, "dist", "no") == "load":
        # Of pytest-xdist: a module stays on one worker, as its tests share what it has started or computed.
        config.option.dist = "loadfile"
        config.option.loadscopereorder = False
    if not is_worker(config):
        config.pluginmanager.register(OwnerOfTheRun(config), "labproof-run")
    config.pluginmanager.register(UserOfTheRun(config), "labproof-session")
    ledger = _ledger(config)
    if ledger is not None:
        config.pluginmanager.register(Specification(config, ledger), "labproof-specification")
        if not is_worker(config) and not config.option.collectonly:
            run = config.pluginmanager.get_plugin("labproof-run").run
            build = os.path.join(str(config.rootdir), config.getini("labproof_build"))
            config.pluginmanager.register(Recorder(config, ledger, run, build), "labproof-recorder")


def is_worker(config):
    """Whether this process is a worker of pytest-xdist."""
    return hasattr(config, "workerinput")


def _ledger(config):
    root = str(config.rootdir)
    path = os.path.join(root, config.getini("labproof_ledger"))
    if not os.path.exists(path):
        return None
    try:
        return Ledger(path, root)
    except LedgerError as error:
        raise pytest.UsageError(*error.violations) from None


class OwnerOfTheRun:
    """In the process that the user started: makes the run before anything else, ends it after everything else."""

    def __init__(self, config):
        self._before = dict(os.environ)
        build = os.path.join(str(config.rootdir), config.getini("labproof_build"))
        try:
            self.run = Run(str(config.rootdir), build, config.option.remote or config.option.master)
        except (NoJava, SparkNotFound, MasterNotFound) as error:
            raise pytest.UsageError(str(error)) from None
        # For the workers and all other processes of the run.
        os.environ.clear()
        os.environ.update(self.run.environ)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self, session):
        """Before xdist starts its workers, which get the environment as it is then."""
        config = session.config
        if config.option.collectonly:
            return
        run = self.run
        # The archive pays in a run of everything; a few tests are sooner done without.
        if run.archive and not is_there(run.archive) and not config.option.file_or_dir:
            terminal = config.pluginmanager.get_plugin("terminalreporter")
            terminal.write_line(
                "labproof: the first run with this Spark and this Java prepares a class archive, once ..."
            )
            try:
                run.make_archive()
            except subprocess.CalledProcessError as error:
                said = error.stdout.decode("utf-8", "replace").strip()
                terminal.write_line("labproof: it could not be made, and the run goes on without it:\n%s" % said)
            os.environ.update(run.environ)
        run.start_keeper()

    def pytest_report_header(self):
        run = self.run
        where = "Spark %s from %s, Java %s from %s (%s)" % (
            run.spark,
            run.home,
            run.java.version,
            run.java.origin,
            run.java.home,
        )
        return ["labproof: " + line for line in [where] + run.notes]

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self):
        self.run.close()
        os.environ.clear()
        os.environ.update(self._before)


def _raised(exception):
    try:
        raise exception
    except type(exception):
        return sys.exc_info()


def pytest_xdist_auto_num_workers(config):
    """One worker for each core, but no more than share one JVM well, or than the memory holds."""
    import psutil

    cores = len(psutil.Process().cpu_affinity()) if hasattr(psutil.Process, "cpu_affinity") else os.cpu_count()
    # A worker with what it starts takes up to a gigabyte at a time.
    memory = psutil.virtual_memory().available // 2**30
    return int(max(1, min(cores, 4, memory)))


class UserOfTheRun:
    """In each process that runs tests: its session in the run's JVM."""

    def __init__(self, config):
        self.folder = os.environ["LABPROOF_RUN"].split(os.pathsep)[-1]
        worker = config.workerinput["workerid"] if is_worker(config) else "main"
        self.gateways = Gateways(self.folder)
        self.remote = config.option.remote
        shared = SharedSession(self.gateways, worker, self.folder)
        self.session = RemoteSession(self.remote) if self.remote else shared

    def pytest_collection_finish(self, session):
        """The JVM starts as soon as it is known that a test wants it, while the first tests run that don't."""
        if session.config.option.collectonly or self.remote:
            return
        if any("spark" in getattr(item, "fixturenames", ()) for item in session.items):
            self.gateways.want()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, call):
        """A test that asks what Spark Connect hasn't got cannot be asked there, which is not its fault."""
        if self.remote and call.excinfo is not None and is_missing_in_connect(call.excinfo.value):
            reason = "%sSpark Connect: %s" % (NOT_HERE, str(call.excinfo.value).splitlines()[0])
            call.excinfo = pytest.ExceptionInfo.from_exc_info(_raised(pytest.skip.Exception(reason)))
        yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item):
        if "spark" in getattr(item, "fixturenames", ()) and self.gateways.told_of_failure():
            pytest.skip("Spark did not start: see the test that failed of it")
        self.session.before_test()

    def pytest_unconfigure(self):
        """Before the JVM ends: what Python still holds of it would complain when it is collected."""
        logging.disable(logging.CRITICAL)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_teardown(self):
        """Last, when the test's own fixtures have removed what they made."""
        self.session.after_test()


class Specification:
    """In each process that collects: every test knows its claims, and ledger and tests are held against each other."""

    def __init__(self, config, ledger):
        self.ledger = ledger
        self._config = config
        self._deselected = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, session, config, items):
        """First, while all that was collected is still there."""
        tests = [_test_of(item) for item in items]
        for item, test in zip(items, tests):
            item.user_properties += [(CLAIM, name) for name in test.claims]
        whole = not config.option.file_or_dir and not session.testsfailed
        violations = list(self.ledger.violations_of_tests(tests, whole))
        if violations:
            del items[:]
            if not is_worker(config):
                raise pytest.UsageError(*violations)
            config.workeroutput["labproof_violations"] = violations

    def pytest_deselected(self, items):
        self._deselected += len(items)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session):
        """Last, when the selection is made: tell the recorder what is going to run."""
        selected = {item.nodeid: _test_of(item).claims for item in session.items}
        if is_worker(self._config):
            self._config.workeroutput["labproof_selected"] = selected
            self._config.workeroutput["labproof_deselected"] = self._deselected
            return
        recorder = self._config.pluginmanager.get_plugin("labproof-recorder")
        if recorder is not None:
            recorder.will_run(selected, self._deselected)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Last, whatever the order is otherwise: modules that start processes first, or one would end alone."""
    slow = {item.location[0] for item in items if item.get_closest_marker("slow_start")}
    items.sort(key=lambda item: item.location[0] not in slow)


def _test_of(item):
    claims, reasons = [], []
    for marker in item.iter_markers("claim"):
        claims += marker.args
        reasons.append(marker.kwargs.get("because"))
    path, line, _ = item.location
    return MarkedTest(item.nodeid, os.path.join(str(item.config.rootdir), path), (line or 0) + 1, claims, any(reasons))


@pytest.fixture(scope="session")
def spark(request):
    """The SparkSession of the run: each test finds a fresh session of the shared JVM behind it."""
    user = request.config.pluginmanager.get_plugin("labproof-session")
    try:
        return user.session.start()
    except SparkDidNotStart as failure:
        if user.gateways.tell_of_failure():
            pytest.fail("Spark did not start. %s" % failure, pytrace=False)
        pytest.skip("Spark did not start: see the test that failed of it")


@pytest.fixture(scope="session")
def sc(request, spark):
    """The SparkContext of the run's JVM, shared by all: it cannot be stopped."""
    if request.config.option.remote:
        pytest.skip(NOT_HERE + "Spark Connect has no SparkContext and no RDDs")
    return spark.sparkContext


@pytest.fixture(scope="session")
def own_spark(tmp_path_factory):
    """Makes a SparkSession in a JVM of its own: ``with own_spark("local[1]", **settings) as spark``.

    For what cannot share one: callbacks into Python, other masters, settings of the context, stopping it.
    """

    def make(master="local[1]", **settings):
        return own_session(str(tmp_path_factory.mktemp("own_spark")), master, **settings)

    return make


@pytest.fixture
def measured(request):
    """The values that the ledger has for this test's claim and this Spark: ``measured("accuracy")``."""
    ledger = request.config.pluginmanager.get_plugin("labproof-specification").ledger
    (name,) = _test_of(request.node).claims
    _, release = spark_installed()
    return lambda value: ledger.claims[name].measured(value, release)


@pytest.fixture
def printout(request, capsys):
    """What the test's lab has printed, which the report then shows below its code: ``printout()``."""

    def read():
        text = capsys.readouterr().out
        request.node.user_properties.append(("printed", text))
        return text

    return read
