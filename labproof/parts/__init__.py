"""Real servers on loopback for the tests of a course: each module is one part, found by its name.

A test asks for one with the fixture ``part``; ``labproof parts`` lists them, brings them and serves them by hand.
"""

import importlib
import importlib.util

from labproof.parts import jars

#: The modules of this package that are parts, and what each calls its own.
PARTS = {
    "connect": "Connect",
    "hadoop": "Hadoop",
    "hbase": "HBase",
    "kafka": "Kafka",
    "postgresql": "PostgreSQL",
    "slurm": "Slurm",
    "standalone": "Standalone",
    "thrift": "Thrift",
}


class Part(object):
    """A server that a claim is about, and what it takes to have it here.

    ``name`` is what commands call it, ``title`` what people do. ``jars`` are sets of ``labproof.parts.versions``,
    ``packages`` are Python packages by the name they are imported by, ``programs`` are on PATH.
    """

    name = None  # type: str
    title = None  # type: str
    jars = ()  # type: tuple
    packages = ()  # type: tuple
    programs = ()  # type: tuple

    @property
    def remedy(self):
        """The command that brings what is missing."""
        return "labproof parts fetch %s" % self.name

    def missing(self):
        """What is not here: sentences without a full stop, each with the command that brings it."""
        absent = [name for name in self.jars if not jars.are_there(name)]
        lacking = ["the Java archives of %s: %s" % (" and ".join(absent), self.remedy)] if absent else []
        lacking += [
            "the Python package %s: pip install 'labproof[parts]'" % package
            for package in self.packages
            if importlib.util.find_spec(package) is None
        ]
        return lacking

    def fetch(self, say):
        """Bring what can be brought without being root; ``say`` takes a line of progress.

        Raises :class:`labproof.parts.jars.FetchError`.
        """
        for name in self.jars:
            jars.fetch(name, say)

    def start(self, folder):
        """A context manager: the server is ready inside, and stopped after it. It yields what its clients need to know.

        That is a dict of plain values (addresses, passwords, paths). ``folder`` is an empty one for all that the server
        writes.
        """
        raise NotImplementedError


def names():
    """The names of all parts."""
    return sorted(PARTS)


def find(name):
    """The part of this name. Raises ``KeyError``."""
    return getattr(importlib.import_module("labproof.parts." + name), PARTS[name])()
