"""The command ``labproof parts``."""

import json
import shutil
import sys
import tempfile

from labproof import parts
from labproof.java import NoJava
from labproof.parts.jars import FetchError, cache_folder
from labproof.parts.processes import ServerDied
from labproof.parts.serve import serve as serve_part
from labproof.run import SparkNotFound


class Refused(Exception):
    """What could not be done, why, and what to do."""


def listing():
    """Print each part with what it lacks; the exit status is 0."""
    print("Cache folder: %s (LABPROOF_CACHE sets another)" % cache_folder())
    for name in parts.names():
        part = parts.find(name)
        lacking = part.missing()
        print("%-12s %-34s %s" % (name, part.title, "is there" if not lacking else "lacks"))
        for line in lacking:
            print("%-12s   %s" % ("", line))
    return 0


def fetch(names, everything):
    """Bring these parts, or all; one that can't be had doesn't keep the others away. Returns the exit status."""
    if bool(names) == everything:
        raise Refused("parts fetch wants names of parts, or --all: %s" % ", ".join(parts.names()))
    failures = []
    for part in [_find(name) for name in names or parts.names()]:
        try:
            part.fetch(lambda line: print(line, flush=True))
        except FetchError as error:
            failures.append(str(error))
        except (NoJava, SparkNotFound) as error:
            raise Refused(str(error)) from None
    for failure in failures:
        print("labproof: %s" % failure, file=sys.stderr)
    return 1 if failures else 0


def serve(name):
    """Serve a part in the foreground: prints what its clients need to know, and ends with Ctrl+C or SIGTERM."""
    part = _find(name)
    lacking = part.missing()
    if lacking:
        raise Refused("%s lacks %s" % (part.title, "; ".join(lacking)))
    folder = tempfile.mkdtemp(prefix="labproof-%s-" % name)
    try:
        serve_part(name, folder, lambda about: print(json.dumps(about, indent=1), flush=True))
    except ServerDied as error:
        raise Refused(str(error)) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _find(name):
    if name not in parts.names():
        raise Refused("no part %r: there are %s" % (name, ", ".join(parts.names())))
    return parts.find(name)
