"""A SparkSession for the tests of one process: attached to the run's JVM, or in a JVM of its own.

All workers of a run share one JVM. :class:`SharedSession` holds the Python objects that tests see: they stay the same
for the whole run, while what they stand for is a new session of the JVM for each test, so that views, settings and the
current database cannot leak from one test into the next.
"""

import os
import re
import sys
import traceback
import warnings
from contextlib import contextmanager

from labproof.run import SparkDidNotStart

# A Python process that finds these attaches to the JVM they name, where it would else start one.
GATEWAY = ("PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET")
# While pyspark finds these it asks a Spark Connect server; a process or a session of its own must not.
CONNECT = ("SPARK_REMOTE", "SPARK_CONNECT_MODE_ENABLED")


class LeakWarning(UserWarning):
    """A test left something behind that the next one would have met; it has been removed."""


class SharedSession:
    """The session of this process in the run's JVM, made when the first test asks for it."""

    def __init__(self, gateways, worker, folder):
        """``gateways`` leads to the run's JVM, ``worker`` names this process, ``folder`` is for its checkpoints."""
        self._gateways = gateways
        self._database = "labproof_" + worker
        self._checkpoints = os.path.join(folder, "checkpoints", worker)
        self._sessions = 0
        self._persisted = []
        self._settings = None
        self.spark = None

    def start(self):
        """Attach to the run's JVM, waiting for it if need be. Raises ``SparkDidNotStart``."""
        self.spark = self._attach()
        _remember_what_is_persisted(self._persisted)
        self._renew()
        return self.spark

    def _attach(self):
        from pyspark import SparkConf, SparkContext
        from pyspark.java_gateway import launch_gateway
        from pyspark.sql import SparkSession

        address = self._gateways.next()
        # Only for this moment: a lab in a process of its own must not find them.
        os.environ.update(zip(GATEWAY, (str(address["port"]), address["secret"])))
        try:
            gateway = launch_gateway()
        finally:
            for name in GATEWAY:
                del os.environ[name]
        jvm = gateway.jvm
        jsc = jvm.org.apache.spark.api.java.JavaSparkContext(jvm.org.apache.spark.SparkContext.getOrCreate())
        sc = SparkContext(gateway=gateway, jsc=jsc, conf=SparkConf(_jconf=jsc.getConf()))
        sc.stop = _refuse_to_stop
        sc._accumulatorServer.handle_error = _pass_over_the_end_of_the_jvm
        return SparkSession(sc)

    def before_test(self, module):
        """Give the test, of whichever module, a session of its own; in a new JVM if the last one died."""
        if not self._is_in_use():
            return
        if self._gateways.died():
            self._move_to_new_jvm()
        self._renew()

    def _is_in_use(self):
        """Whether this is the session that pyspark knows: not before it is started, nor while a test has its own."""
        if self.spark is None:
            return False
        from pyspark import SparkContext

        return SparkContext._active_spark_context is self.spark._sc

    def _move_to_new_jvm(self):
        from pyspark import SparkContext
        from pyspark.sql import SparkSession

        old = self.spark
        SparkContext._active_spark_context = SparkContext._gateway = SparkContext._jvm = None
        SparkSession._instantiatedSession = None
        del self._persisted[:]
        self._settings = None
        new = self._attach()
        # Fixtures and tests hold on to the objects of old: they become those of the new JVM.
        _become(old._sc, new._sc)
        SparkContext._active_spark_context = old._sc
        new._sc = old._sc
        _become(old, new)
        SparkSession._instantiatedSession = old

    def _renew(self):
        """Let ``spark`` stand for a new session of the JVM, with this worker's database as the current one."""
        from pyspark.sql import SparkSession

        self._put_settings_back()
        fresh = self.spark.newSession()
        _become(self.spark, fresh)
        SparkSession._instantiatedSession = SparkSession._activeSession = self.spark
        jsession = self.spark._jsparkSession
        self.spark._jvm.org.apache.spark.sql.SparkSession.setActiveSession(jsession)
        catalog = jsession.sharedState().externalCatalog()
        if not catalog.databaseExists(self._database):
            self.spark.sql("CREATE DATABASE %s" % self._database)
        self.spark.catalog.setCurrentDatabase(self._database)
        # A query goes on from the checkpoint of the last one of its name, which was another test's.
        self._sessions += 1
        checkpoints = os.path.join(self._checkpoints, str(self._sessions))
        self.spark.conf.set("spark.sql.streaming.checkpointLocation", checkpoints)

    def _put_settings_back(self):
        """Undo what a builder, as by enableHiveSupport(), has set in the context: before Spark 3.0 it can."""
        conf = self.spark._jsc.sc().conf()
        now = conf.toDebugString()
        if self._settings is None:
            self._settings = now
        if now == self._settings:
            return
        before, after = (dict(line.split("=", 1) for line in text.splitlines()) for text in (self._settings, now))
        for name in set(after) - set(before):
            conf.remove(name)
        for name, value in before.items():
            if after.get(name) != value:
                conf.set(name, value)

    def after_test(self):
        """Remove what the test left; what it should have removed itself is told in a :class:`LeakWarning`."""
        if not self._is_in_use() or self._gateways.died():
            return
        persisted, self._persisted[:] = list(self._persisted), []
        for dataset, context in persisted:
            # What was cached in a JVM of its own has gone with it.
            if context is self.spark._sc:
                dataset.unpersist()
        left = []
        for query in self.spark.streams.active:
            left.append("the streaming query %s, still running" % (query.name or query.id))
            query.stop()
        catalog = self.spark._jsparkSession.sharedState().externalCatalog()
        tables = catalog.listTables(self._database)
        if not tables.isEmpty():
            left.append("in the catalog " + tables.mkString(", "))
            self.spark.sql("DROP DATABASE %s CASCADE" % self._database)
        if left:
            warnings.warn(LeakWarning("left behind: %s; removed" % "; ".join(left)), stacklevel=1)

    def end(self):
        """Nothing to do: all ends with the JVM."""


class RemoteSession:
    """The session of this process on a Spark Connect server that somebody else runs: a new one for each module."""

    def __init__(self, url, worker, folder):
        """``url`` is the server's, ``sc://HOST:PORT``; ``worker`` and the run's ``folder`` name this process."""
        self._url = url
        # Of this run, as the server outlives it.
        self._database = "_".join([os.path.basename(folder).replace("-", "_"), worker])
        self._fresh = self._module = None
        self._settings = {}
        self.spark = None

    def start(self):
        """Connect to the server. Raises ``SparkDidNotStart`` if that cannot be done in a quarter of a minute."""
        # Labs that ask for "the" session look here.
        os.environ["SPARK_REMOTE"] = self._url
        try:
            self.spark = self._connect()
            _await_the_handshake(self.spark)
            self._prepare()
        except Exception as error:
            # Of pyspark, gRPC and their imports, which have no class in common.
            self.spark = None
            raise SparkDidNotStart(_why_not_connected(self._url, error)) from error
        return self.spark

    def _connect(self):
        from pyspark.sql import SparkSession

        return SparkSession.builder.remote(self._url).create()

    def before_test(self, module):
        """Give the tests of each module a session of their own: models are the session's, and go with it."""
        is_new, self._module = module != self._module, module
        if is_new and self._is_in_use():
            if hasattr(self.spark.client, "release_session"):
                # Before Spark 4 it is for the server to forget it.
                self.spark.client.release_session()
            self.spark.client.close()
            # Held, as pyspark closes the connection of a session that nobody holds.
            self._fresh = self._connect()
            _become(self.spark, self._fresh)
            self._prepare()

    def _is_in_use(self):
        """Whether this is the session that pyspark knows: not before it is started, nor while a test has its own."""
        return self.spark is not None and CONNECT[0] in os.environ

    def _prepare(self):
        self.spark.conf.set("spark.sql.session.timeZone", "UTC")
        self.spark.conf.set("spark.sql.shuffle.partitions", "2")
        self._settings = self._settings_now()
        self._use_database()

    def _settings_now(self):
        return dict(map(tuple, self.spark.sql("SET").collect()))

    def _use_database(self):
        self.spark.sql("CREATE DATABASE IF NOT EXISTS %s" % self._database)
        self.spark.catalog.setCurrentDatabase(self._database)

    def after_test(self):
        """Remove what the test left, as :meth:`SharedSession.after_test` does, with its views and settings."""
        if not self._is_in_use():
            return
        left = []
        for query in self.spark.streams.active:
            left.append("the streaming query %s, still running" % (query.name or query.id))
            query.stop()
        tables = []
        for table in self.spark.catalog.listTables(self._database):
            if table.isTemporary:
                self.spark.catalog.dropTempView(table.name)
            else:
                tables.append(table.name)
        if tables:
            left.append("in the catalog " + ", ".join(tables))
            self.spark.sql("DROP DATABASE %s CASCADE" % self._database)
        now = self._settings_now()
        for name in set(now) | set(self._settings):
            if name not in self._settings:
                self.spark.conf.unset(name)
            elif now.get(name) != self._settings[name]:
                self.spark.conf.set(name, self._settings[name])
        self._use_database()
        if left:
            warnings.warn(LeakWarning("left behind: %s; removed" % "; ".join(left)), stacklevel=1)

    def end(self):
        """Leave the server as it was found."""
        if self._is_in_use():
            self.spark.sql("DROP DATABASE IF EXISTS %s CASCADE" % self._database)
            self.spark.stop()


def _await_the_handshake(spark, seconds=15):
    """Wait until the connection stands; pyspark itself would try for many minutes."""
    import grpc

    try:
        grpc.channel_ready_future(spark.client._channel).result(timeout=seconds)
    except grpc.FutureTimeoutError:
        raise TimeoutError("no connection after %d s: does one side want TLS?" % seconds) from None


def _why_not_connected(url, error):
    of_grpc = re.search(r'details = "([^"]+)', str(error))
    details = of_grpc.group(1) if of_grpc else (str(error).strip().splitlines() or [type(error).__name__])[0]
    return (
        "%s did not take this client: %s\n"
        "Remedy: the URL of the server, with its token if it has one: sc://localhost:PORT/;token=TOKEN. Without TLS a\n"
        "token is only sent to a host of the name localhost. The client's libraries: pip install 'pyspark[connect]'"
        % (url.partition("/;")[0], details)
    )


NO_RDDS = "Spark Connect has no SparkContext and no RDDs"


def missing_in_connect(error):
    """What Spark Connect hasn't got, as a sentence, if this error is how pyspark says so; else None."""
    text = str(error)
    if isinstance(error, AssertionError):
        *_, last = traceback.walk_tb(error.__traceback__)
        module = last[0].f_globals["__name__"]
        # Before Spark 4 all of MLlib looks for the JVM, and is surprised.
        return "%s needs a SparkContext, and Spark Connect has none" % module if module.startswith("pyspark.") else None
    known = ("JVM_ATTRIBUTE_NOT_SUPPORTED", "NOT_IMPLEMENTED", "ONLY_SUPPORTED_WITH_SPARK_CONNECT", "UNSUPPORTED_")
    condition = getattr(error, "getCondition", getattr(error, "getErrorClass", lambda: None))()
    if condition is None or not condition.startswith(known):
        return None
    if "sparkContext" in text or "rdd " in text:
        return NO_RDDS
    # Without the condition's name before and the advice behind.
    return "Spark Connect: " + text.splitlines()[0].partition("] ")[2].partition(". ")[0]


def _refuse_to_stop():
    raise RuntimeError(
        "this SparkContext is shared by all tests of the run: take a session of your own, own_spark(), to stop it"
    )


def _pass_over_the_end_of_the_jvm(request, address):
    """Python's server for accumulators loses its client when the JVM ends, which is no news."""
    if not isinstance(sys.exc_info()[1], (EOFError, ConnectionError)):
        traceback.print_exc()


def _become(old, new):
    """Make ``old`` the same thing as ``new`` for all who hold it."""
    vars(old).clear()
    vars(old).update(vars(new))


def _remember_what_is_persisted(persisted):
    """Note each RDD and DataFrame that this process caches: the JVM cannot tell one worker's from another's."""
    from pyspark import RDD
    from pyspark.sql import SparkSession

    frame = type(SparkSession._instantiatedSession.range(0))
    for owner, names in (RDD, ["persist"]), (frame, ["persist", "cache"]):
        for name in names:
            setattr(owner, name, _noting(getattr(owner, name), persisted))


def _noting(persist, persisted):
    from pyspark import SparkContext

    def noted(self, *args, **kwargs):
        persisted.append((self, SparkContext._active_spark_context))
        return persist(self, *args, **kwargs)

    noted.__doc__ = persist.__doc__
    noted.__name__ = persist.__name__
    return noted


@contextmanager
def own_session(folder, master="local[1]", class_path=None, **settings):
    """A SparkSession in a JVM of its own, which ends with the ``with`` block.

    ``folder`` is an empty one for what this Spark writes; ``class_path`` is what Java needs beside Spark's own jars;
    ``settings`` are Spark's. While the session is open, the shared one of this process must not be used.
    """
    from pyspark import SparkConf, SparkContext
    from pyspark.sql import SparkSession, SQLContext

    # What pyspark knows of the shared session it knows in these places.
    contexts = ["_active_spark_context", "_gateway", "_jvm"]
    sessions = [name for name in ("_instantiatedSession", "_activeSession") if hasattr(SparkSession, name)]
    places = [(SparkContext, name) for name in contexts] + [(SparkSession, name) for name in sessions]  # type: list
    # In the last one Spark before 3.2 keeps the first session that it made a data frame of, stopped or not.
    places.append((SQLContext, "_instantiatedContext"))
    aside = [(owner, name, getattr(owner, name)) for owner, name in places]
    for owner, name in places:
        setattr(owner, name, None)
    remote = {name: os.environ.pop(name) for name in CONNECT if name in os.environ}
    conf = SparkConf(loadDefaults=False).setMaster(master).setAppName("labproof")
    conf.set("spark.sql.warehouse.dir", os.path.join(folder, "warehouse"))
    for name, value in settings.items():
        conf.set(name, value)
    gateway = None
    started = []  # type: list
    try:
        with _noting_processes(started), _behind_sparks_own(class_path):
            spark = SparkSession(SparkContext(conf=conf))
        gateway = SparkContext._gateway
        yield spark
    finally:
        if SparkContext._active_spark_context is not None:
            SparkContext._active_spark_context.stop()
        gateway = gateway or SparkContext._gateway
        if gateway is not None:
            gateway.shutdown()
        for jvm in started:
            jvm.stdin.close()
            jvm.wait()
        os.environ.update(remote)
        for owner, name, value in aside:
            setattr(owner, name, value)


@contextmanager
def _behind_sparks_own(class_path):
    """Let a JVM that is started have more on its class path, behind: the class archive is for one that begins alike."""
    if class_path:
        os.environ["SPARK_DIST_CLASSPATH"] = class_path
    try:
        yield
    finally:
        os.environ.pop("SPARK_DIST_CLASSPATH", None)


@contextmanager
def _noting_processes(started):
    """Note what pyspark starts: before 3.0 it forgets its JVM, which then ends when Python collects the garbage."""
    from pyspark import java_gateway

    original = java_gateway.Popen

    def noted(*args, **how):
        started.append(original(*args, **how))
        return started[-1]

    java_gateway.Popen = noted
    try:
        yield
    finally:
        java_gateway.Popen = original
