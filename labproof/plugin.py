"""The pytest plugin: a Spark session for any suite; for a course with a ledger also claims, verdicts and a record."""

import logging
import os
import shutil
import subprocess
import sys
import tempfile
import uuid

import pytest

from labproof.handover import read_json, write
from labproof.java import NoJava
from labproof.ledger import Ledger, LedgerError, MarkedTest
from labproof.record import NOT_HERE
from labproof.recorder import Recorder, files_selected, mode_of
from labproof.releases import numbers
from labproof.run import (
    LOCAL,
    Gateways,
    MasterNotFound,
    Run,
    SparkDidNotStart,
    SparkNotFound,
    spark_installed,
)
from labproof.session import NO_RDDS, RemoteSession, SharedSession, missing_in_connect, own_session
from labproof.waiting import wait_until

# What a test says of itself travels with its report, also from an xdist worker to the controller.
CLAIM = "claim"
# Why there are fewer workers than cores, in a list for the header.
FEWER_WORKERS = pytest.StashKey()  # type: pytest.StashKey[list[str]]

# The fixtures of a test that needs a run; the others are about the course.
NEED_THE_RUN = ("spark", "own_spark", "part", "own_part")


def pytest_addoption(parser):
    group = parser.getgroup("labproof", "labproof: a Spark course as an executable specification")
    group.addoption("--require-all", action="store_true", help="fail when a claim that has tests could not be checked")
    group.addoption(
        "--master", default=LOCAL, help="where the shared session runs its jobs: spark://HOST:PORT, yarn (%(default)s)"
    )
    group.addoption("--remote", help="a Spark Connect server to ask in place of a session of our own: sc://HOST:PORT")
    group.addoption(
        "--slurm-partition",
        metavar="PARTITION",
        help="of the Slurm cluster at hand: ask it, in place of one on loopback (docs/cluster.md)",
    )
    group.addoption(
        "--loopback-only",
        action="store_true",
        help="fail when anything that the run starts listens, at any time, where other machines could connect",
    )
    parser.addini("labproof_ledger", "the course's claims, relative to the root folder", default="tests/claims.toml")
    parser.addini(
        "labproof_build", "where records and class archives are kept, relative to the root folder", default="build"
    )
    parser.addini(
        "labproof_archive",
        "let the first run of everything make a class archive (300 MB), with which every JVM starts faster",
        type="bool",
        default=False,
    )


def pytest_configure(config):
    config.addinivalue_line("markers", "claim(*ids, because=None): the claim of the ledger that the test shows")
    if config.option.remote:
        # What a lab asks of its own Spark, such as a warehouse, the server has been told by whoever started it.
        for told in "Failed to set spark", ".*Cannot modify the value of":
            config.addinivalue_line("filterwarnings", "ignore:%s:UserWarning" % told)
    config.addinivalue_line("markers", "slow_start: the test starts processes of its own, so it is run early")
    config.addinivalue_line("markers", "in_order: the tests of this module tell one story of one server, in this order")
    ledger = _ledger(config)
    if ledger is not None and getattr(config.option, "dist", "no") == "load":
        # Of pytest-xdist: a module stays on one worker, as its tests share what it has started or computed.
        config.option.dist = "loadfile"
        config.option.loadscopereorder = False
        if config.option.maxworkerrestart is None:
            # It gives the test that ended a worker to the next one, and then waits for ever.
            config.option.maxworkerrestart = "0"
    owner = None
    if not is_worker(config):
        owner = OwnerOfTheRun(config)
        config.pluginmanager.register(owner, "labproof-run")
        if ledger is not None or config.option.remote or config.option.master != LOCAL:
            owner.make_now()
    config.pluginmanager.register(UserOfTheRun(config, owner), "labproof-session")
    if ledger is not None:
        _pass_over_warnings_of_spark(config)
        config.pluginmanager.register(Specification(config, ledger), "labproof-specification")
        if owner is not None and not config.option.collectonly:
            config.pluginmanager.register(
                Recorder(config, ledger, owner.run, build_folder(config)), "labproof-recorder"
            )


def _pass_over_warnings_of_spark(config):
    """Those that pyspark gives for what it does itself."""
    release = numbers(spark_installed()[1])
    if release < (4, 2):
        # The sockets that results come through are left for Python to close, which tells of each.
        config.addinivalue_line("filterwarnings", "ignore:unclosed <socket.socket:ResourceWarning")
    if release[:2] == (3, 2):
        # Its ml library makes data frames by a call that it had just deprecated.
        config.addinivalue_line("filterwarnings", "ignore:Deprecated in 3.0.0. Use SparkSession:FutureWarning")


def is_worker(config):
    """Whether this process is a worker of pytest-xdist."""
    return hasattr(config, "workerinput")


def build_folder(config):
    """Where records and class archives are kept."""
    return os.path.join(str(config.rootdir), config.getini("labproof_build"))


def _ledger_file(config):
    return os.path.join(str(config.rootdir), config.getini("labproof_ledger"))


def _ledger(config):
    if not os.path.exists(_ledger_file(config)):
        return None
    try:
        return Ledger(_ledger_file(config), str(config.rootdir))
    except LedgerError as error:
        raise pytest.UsageError(*error.violations) from None


class OwnerOfTheRun:
    """In the process that the user started: makes the run when it is needed, ends it after everything else.

    A course needs it from the start, for its verdicts. Any other project needs it when a test has been collected that
    asks for a fixture of this plugin, and is else left alone: nothing is looked for, set, written or started.
    """

    def __init__(self, config):
        self._config = config
        self._before = None
        #: Where the run is going to be, whether or not it is made.
        self.folder = os.path.join(tempfile.gettempdir(), "labproof-" + uuid.uuid4().hex[:12])
        self.run = None

    def _make(self):
        place = self._config.option.remote or self._config.option.master
        self.run = Run(str(self._config.rootdir), build_folder(self._config), place, self.folder)
        self._take_environment()

    def _take_environment(self):
        """For all processes of the run, the workers too."""
        self._before = self._before or dict(os.environ)
        os.environ.clear()
        os.environ.update(self.run.environ)

    def make_now(self):
        """Make the run before anything is collected; what it lacks is a wrong use."""
        try:
            self._make()
        except (NoJava, SparkNotFound, MasterNotFound) as error:
            raise pytest.UsageError(str(error)) from None

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self, session):
        """Before xdist starts its workers, which get the environment as it is then."""
        if self.run is not None and not session.config.option.collectonly:
            self._start()

    def _start(self):
        run, option = self.run, self._config.option
        run.start_keeper(watch=option.loopback_only)
        # The archive pays in a run of everything; a few tests are sooner done without.
        wanted = self._config.getini("labproof_archive") and not option.file_or_dir
        if wanted and run.archive and not os.path.exists(run.archive):
            terminal = self._config.pluginmanager.get_plugin("terminalreporter")
            terminal.write_line(
                "labproof: the first run with this Spark and this Java prepares a class archive, once ..."
            )
            try:
                run.make_archive()
            except subprocess.CalledProcessError as error:
                said = error.stdout.decode("utf-8", "replace").strip()
                terminal.write_line("labproof: it could not be made, and the run goes on without it:\n%s" % said)
            self._take_environment()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node):
        """Of xdist: tell a worker where the run is, or will be."""
        node.workerinput["labproof_folder"] = self.folder

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self):
        """A worker has collected, and has made the run's folder if it needs the run."""
        if self.run is None and os.path.isdir(self.folder):
            self.make_for_tests()

    def make_for_tests(self):
        """Make the run that tests ask for, and leave word for them: what changed in the environment, what it lacks."""
        before, problem = dict(os.environ), None
        try:
            self._make()
            self._start()
        except (NoJava, SparkNotFound, MasterNotFound) as error:
            problem = str(error)
        changed = {name: os.environ.get(name) for name in set(before) | set(os.environ)}
        changed = {name: value for name, value in changed.items() if value != before.get(name)}
        write(self.folder, "run", {"environ": changed, "problem": problem})

    def pytest_report_header(self):
        return self._about()

    def _about(self):
        run = self.run
        if run is None:
            return []
        where = "Spark %s from %s, Java %s from %s (%s)" % (
            run.spark,
            run.home,
            run.java.version,
            run.java.origin,
            run.java.home,
        )
        return ["labproof: " + line for line in [where] + run.notes + self._config.stash.get(FEWER_WORKERS, [])]

    def pytest_sessionfinish(self, session, exitstatus):
        if self.run is not None and self.run.exposed() and int(exitstatus) == 0:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        # The header was too early to know of a run that tests asked for.
        if os.path.exists(os.path.join(self.folder, "run.json")):
            for line in self._about():
                terminalreporter.write_line(line)
        if self.run is not None:
            for place in self.run.exposed():
                terminalreporter.write_line("--loopback-only: somebody listened at %s" % place, red=True)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self):
        if self.run is not None:
            self.run.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._before is not None:
            os.environ.clear()
            os.environ.update(self._before)


def _raised(exception):
    try:
        raise exception
    except type(exception):
        return sys.exc_info()


def pytest_xdist_auto_num_workers(config):
    """In a course, one worker for each core, but no more than share one JVM well, or than the memory holds."""
    if not os.path.exists(_ledger_file(config)):
        return None

    import psutil

    cores = len(psutil.Process().cpu_affinity()) if hasattr(psutil.Process, "cpu_affinity") else os.cpu_count()
    # A worker with what it starts takes up to a gigabyte at a time.
    memory = max(1, psutil.virtual_memory().available // 2**30)
    wanted = min(cores, 4)
    if memory < wanted:
        why = "%d workers and not %d, as %d GiB of memory are free" % (memory, wanted, memory)
        config.stash[FEWER_WORKERS] = [why]
    return int(min(wanted, memory))


class UserOfTheRun:
    """In each process that runs tests: its session in the run's JVM."""

    def __init__(self, config, owner):
        """``owner`` is the process's own, None in a worker."""
        self._owner = owner
        self.folder = config.workerinput["labproof_folder"] if owner is None else owner.folder
        worker = config.workerinput["workerid"] if is_worker(config) else "main"
        self.gateways = Gateways(self.folder)
        self.remote = config.option.remote
        shared = SharedSession(self.gateways, worker, self.folder)
        self.session = RemoteSession(self.remote, worker, self.folder) if self.remote else shared
        self._asks = False
        self._problem = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session):
        """Ask for the run, and for its JVM, which starts while the first tests run that don't want it.

        First, as xdist next tells its controller, which then makes the run if there is none.
        """
        if session.config.option.collectonly:
            return
        wanted = {name for item in session.items for name in _fixtures_of_ours(item)}
        self._asks = not wanted.isdisjoint(NEED_THE_RUN)
        if self._asks:
            self.gateways.make_folder()
        if "spark" in wanted and not self.remote:
            self.gateways.want()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self):
        if self._asks and not self._is_in_run():
            self._join()

    def _is_in_run(self):
        return self.folder in os.environ.get("LABPROOF_RUN", "").split(os.pathsep)

    def _join(self):
        """Enter the run that is made as tests ask for it."""
        if self._owner is not None:
            self._owner.make_for_tests()
        word = wait_until(lambda: read_json(os.path.join(self.folder, "run.json")), "the run", timeout=300)
        self._problem = word["problem"]
        for name, value in word["environ"].items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    def check(self):
        """See that this process is in the run, for a fixture that needs it."""
        if self._problem:
            self.fail_once(self._problem)
        if not self._is_in_run():
            pytest.fail(
                "labproof did not know beforehand that this test wants Spark. Remedy: ask for the fixture by an "
                "argument or by pytest.mark.usefixtures, not by getfixturevalue.",
                pytrace=False,
            )

    def fail_once(self, why):
        """Fail the first test of the run that meets a Spark that did not start, and skip the others."""
        if self.gateways.tell_of_failure():
            pytest.fail("Spark did not start. %s" % why, pytrace=False)
        pytest.skip("Spark did not start: see the test that failed of it")

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, call):
        """A test that asks what Spark Connect hasn't got cannot be asked there, which is not its fault."""
        missing = missing_in_connect(call.excinfo.value) if self.remote and call.excinfo else None
        if missing:
            call.excinfo = pytest.ExceptionInfo.from_exc_info(_raised(pytest.skip.Exception(NOT_HERE + missing)))
        yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item):
        if "spark" in _fixtures_of_ours(item) and self.gateways.told_of_failure():
            pytest.skip("Spark did not start: see the test that failed of it")
        self.session.before_test(item.location[0])

    def pytest_unconfigure(self):
        """Before the JVM ends: what Python still holds of it would complain when it is collected."""
        if self.session.spark is not None:
            self.session.end()
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
        whole = not files_selected(config) and not session.testsfailed
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
    _put_stories_in_order(items)


def _put_stories_in_order(items):
    """Undo what was shuffled within the modules that are marked ``in_order``; they keep their places in the run."""
    stories = {}  # type: dict[str, list[int]]
    for place, item in enumerate(items):
        if item.get_closest_marker("in_order"):
            stories.setdefault(item.location[0], []).append(place)
    for places in stories.values():
        told = sorted((items[place] for place in places), key=lambda item: item.location[1])
        for place, item in zip(places, told):
            items[place] = item


def _fixtures_of_ours(item):
    """The fixtures of this plugin that a test asks for, itself or through others; not those of the same name."""
    known = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    return {name for name, found in known.items() if found and found[0].func.__module__ == __name__ and _in_use(found)}


def _in_use(found):
    """Whether the first of these definitions of a fixture is used: the others, nearer to the test, build on it."""
    return all(found[0].argname in nearer.argnames for nearer in found[1:])


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
    user.check()
    try:
        return user.session.start()
    except SparkDidNotStart as failure:
        user.fail_once(failure)


@pytest.fixture(scope="session")
def sc(request, spark):
    """The SparkContext of the run's JVM, shared by all: it cannot be stopped."""
    if request.config.option.remote:
        pytest.skip(NOT_HERE + NO_RDDS)
    return spark.sparkContext


@pytest.fixture(scope="session")
def own_spark(request, tmp_path_factory):
    """Makes a SparkSession in a JVM of its own: ``with own_spark("local[1]", **settings) as spark``.

    For what cannot share one: callbacks into Python, other masters, settings of the context, stopping it; and with
    ``class_path=`` for what is not among Spark's jars.
    """
    request.config.pluginmanager.get_plugin("labproof-session").check()

    def make(master="local[1]", class_path=None, **settings):
        return own_session(str(tmp_path_factory.mktemp("own_spark")), master, class_path, **settings)

    return make


@pytest.fixture(scope="session")
def part(request):
    """Real servers: ``part("kafka")`` is what clients of the run's Kafka need to know, as its part yields it."""
    # Here, as few of those in whose pytest this plugin is loaded have parts.
    from labproof.parts.serve import PartDidNotStart, shared

    user = request.config.pluginmanager.get_plugin("labproof-session")
    user.check()

    def running(name):
        _skip_without(name)
        try:
            return shared(name, user.folder)
        except PartDidNotStart as failure:
            pytest.fail(str(failure), pytrace=False)

    return running


@pytest.fixture(scope="session")
def own_part(request):
    """A server that no other test meets, to be killed or stopped: ``with own_part("kafka") as kafka``.

    ``own_part("kafka", folder)`` starts it on what an earlier one left in that folder; what else is said goes to the
    part's ``start``.
    """
    from labproof import parts
    from labproof.parts.serve import new_folder

    user = request.config.pluginmanager.get_plugin("labproof-session")
    user.check()

    def starting(name, folder=None, **how):
        _skip_without(name)
        return parts.find(name).start(folder or new_folder(name, user.folder), **how)

    return starting


def _skip_without(name):
    from labproof import parts

    lacking = parts.find(name).missing()
    if lacking:
        pytest.skip("needs %s, and lacks %s" % (parts.find(name).title, "; ".join(lacking)))


@pytest.fixture
def measured(request):
    """The values that the ledger has for this test's claims and this Spark: ``measured("accuracy")``."""
    ledger = request.config.pluginmanager.get_plugin("labproof-specification").ledger
    claims = [ledger.claims[name] for name in _test_of(request.node).claims]
    _, release = spark_installed()
    mode = mode_of(request.config)

    def value(name):
        having = [claim for claim in claims if claim.measures(name)]
        return (having or claims)[0].measured(name, release, mode)

    return value


@pytest.fixture
def printout(request, capsys):
    """What the test's lab has printed, which the report then shows below its code: ``printout()``."""

    def read():
        text = capsys.readouterr().out
        request.node.user_properties.append(("printed", text))
        return text

    return read
