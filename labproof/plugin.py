"""The pytest plugin: fixtures, the claim marker, verdicts and the record of a run."""

import os
import sys

import pytest

from labproof.run import Gateways, Run, SparkDidNotStart
from labproof.session import SharedSession, own_session


def pytest_configure(config):
    config.addinivalue_line("markers", "claim(*ids, because=None): the claim of the deck that the test is about")
    config.addinivalue_line("markers", "slow_start: the test starts processes; it is run first")
    if not hasattr(config, "workerinput"):
        run = Run(str(config.rootdir), os.path.join(str(config.rootdir), "build"))
        config._labproof_run = run
        config._labproof_environ = dict(os.environ)
        for name in set(os.environ) - set(run.environ):
            del os.environ[name]
        os.environ.update(run.environ)
        if not config.option.collectonly:
            run.start_keeper()
    folder = os.environ["LABPROOF_RUN"].split(os.pathsep)[-1]
    worker = getattr(config, "workerinput", {}).get("workerid", "main")
    config._labproof_session = SharedSession(Gateways(folder), worker, folder)


def pytest_unconfigure(config):
    run = getattr(config, "_labproof_run", None)
    if run is not None:
        run.close()
        os.environ.clear()
        os.environ.update(config._labproof_environ)


@pytest.fixture(scope="session")
def spark(request):
    """The SparkSession of this test in the run's JVM."""
    return request.config._labproof_session.start()


@pytest.fixture(scope="session")
def sc(spark):
    """The SparkContext of the run's JVM."""
    return spark.sparkContext


@pytest.fixture(scope="session")
def own_spark(tmp_path_factory):
    """Makes a SparkSession in a JVM of its own: ``with own_spark("local[1]", **settings) as spark``."""

    def make(master="local[1]", **settings):
        return own_session(str(tmp_path_factory.mktemp("own_spark")), master, **settings)

    return make


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    item.config._labproof_session.before_test()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item):
    item.config._labproof_session.after_test()
