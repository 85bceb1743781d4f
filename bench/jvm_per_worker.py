"""A pytest plugin for comparison: each worker of pytest-xdist has a JVM of its own, as with an ordinary fixture."""

import os

import pytest

from labproof.plugin import is_worker
from labproof.run import Gateways, Run
from labproof.session import SharedSession


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    """Last, when the worker has been given its part of the run's JVM, which it then does not use."""
    if is_worker(config):
        root = str(config.rootdir)
        config.own_run = Run(root, os.path.join(root, config.getini("labproof_build")))
        config.own_run.start_keeper()
        # Tests look there for what Spark keeps on disk, and start processes with it.
        os.environ.update(config.own_run.environ)
        user = config.pluginmanager.get_plugin("labproof-session")
        user.gateways = Gateways(config.own_run.folder)
        user.session = SharedSession(user.gateways, config.workerinput["workerid"], config.own_run.folder)


def pytest_unconfigure(config):
    """End the worker's own JVM with the worker."""
    if is_worker(config):
        config.own_run.close()
