"""A SparkSession for the tests of one process: attached to the run's JVM, or in a JVM of its own.

All workers of a run share one JVM. :class:`SharedSession` holds the Python objects that tests see: they stay the same
for the whole run, while what they stand for is a new session of the JVM for each test, so that views, settings and the
current database cannot leak from one test into the next.
"""

import os
import sys
import traceback
import warnings
from contextlib import contextmanager

# A Python process that finds these attaches to the JVM they name, where it would else start one.
GATEWAY = ("PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET")


class LeakWarning(UserWarning):
    """A test left something behind that the next one would have met; it has been removed."""


class SharedSession:
    """The session of this process in the run's JVM, made when the first test asks for it."""

    def __init__(self, gateways, worker, folder):
        """``gateways`` leads to the run's JVM, ``worker`` names this process, ``folder`` is for its checkpoints."""
        self._gateways = gateways
        self._database = "labproof_" + worker
        self._folder = folder
        self._persisted = []
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

    def before_test(self):
        """Give the test a session of its own; in a new JVM if the last one died."""
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

        fresh = self.spark.newSession()
        _become(self.spark, fresh)
        SparkSession._instantiatedSession = SparkSession._activeSession = self.spark
        jsession = self.spark._jsparkSession
        self.spark._jvm.org.apache.spark.sql.SparkSession.setActiveSession(jsession)
        catalog = jsession.sharedState().externalCatalog()
        if not catalog.databaseExists(self._database):
            self.spark.sql("CREATE DATABASE %s" % self._database)
        self.spark.catalog.setCurrentDatabase(self._database)
        self.spark.conf.set("spark.sql.streaming.checkpointLocation", os.path.join(self._folder, "checkpoints"))

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


class RemoteSession:
    """The session of this process on a Spark Connect server that somebody else runs: a new one for each test."""

    def __init__(self, url):
        """``url`` is the server's: ``sc://HOST:PORT``."""
        self._url = url
        self.spark = None

    def start(self):
        """Connect to the server."""
        self.spark = self._connect()
        return self.spark

    def _connect(self):
        from pyspark.sql import SparkSession

        return SparkSession.builder.remote(self._url).create()

    def before_test(self):
        """Give the test a session of its own."""
        if self.spark is not None:
            self.spark.client.close()
            _become(self.spark, self._connect())

    def after_test(self):
        """End the streams that the test left running, and say so; views and settings go with the session."""
        left = self.spark.streams.active if self.spark is not None else []
        for query in left:
            query.stop()
        if left:
            warnings.warn(LeakWarning("left running: %d streaming queries; stopped" % len(left)), stacklevel=1)


def is_missing_in_connect(error):
    """Whether this is how pyspark says that Spark Connect hasn't got something."""
    known = ("JVM_ATTRIBUTE_NOT_SUPPORTED", "NOT_IMPLEMENTED", "ONLY_SUPPORTED_WITH_SPARK_CONNECT", "UNSUPPORTED_")
    condition = getattr(error, "getCondition", getattr(error, "getErrorClass", lambda: None))()
    return condition is not None and condition.startswith(known)


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
def own_session(folder, master="local[1]", **settings):
    """A SparkSession in a JVM of its own, which ends with the ``with`` block.

    ``folder`` is an empty one for what this Spark writes; ``settings`` are Spark's. While the session is open, the
    shared one of this process must not be used.
    """
    from pyspark import SparkConf, SparkContext
    from pyspark.sql import SparkSession

    # What pyspark knows of the shared session it knows in these places.
    contexts = ["_active_spark_context", "_gateway", "_jvm"]
    sessions = [name for name in ("_instantiatedSession", "_activeSession") if hasattr(SparkSession, name)]
    places = [(SparkContext, name) for name in contexts] + [(SparkSession, name) for name in sessions]  # type: list
    aside = [(owner, name, getattr(owner, name)) for owner, name in places]
    for owner, name in places:
        setattr(owner, name, None)
    conf = SparkConf(loadDefaults=False).setMaster(master).setAppName("labproof")
    conf.set("spark.sql.warehouse.dir", os.path.join(folder, "warehouse"))
    for name, value in settings.items():
        conf.set(name, value)
    gateway = None
    try:
        spark = SparkSession(SparkContext(conf=conf))
        gateway = SparkContext._gateway
        yield spark
    finally:
        if SparkContext._active_spark_context is not None:
            SparkContext._active_spark_context.stop()
        gateway = gateway or SparkContext._gateway
        if gateway is not None:
            gateway.shutdown()
            gateway.proc.stdin.close()
            gateway.proc.wait()
        for owner, name, value in aside:
            setattr(owner, name, value)
