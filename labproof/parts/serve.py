"""A part in a process of its own: served by hand, or for all workers of a run until the run ends."""

import os
import signal
import subprocess
import sys
import tempfile

from filelock import FileLock

from labproof import parts
from labproof.handover import read_json, write
from labproof.waiting import wait_until

SECONDS_TO_START = 300


class PartDidNotStart(Exception):
    """A part whose process ended before it was ready; the text has what it said."""


def serve(name, folder, ready):
    """Serve a part until the process is asked to end; ``ready`` is called with what its clients need to know."""
    signal.signal(signal.SIGTERM, _end)
    try:
        with parts.find(name).start(folder) as about:
            ready(about)
            signal.pause()
    except (KeyboardInterrupt, _Asked):
        pass


class _Asked(BaseException):
    """Somebody asked this process to end."""


def _end(number, frame):
    # Once is enough: what is being stopped shall be stopped to the end.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise _Asked


def shared(name, run):
    """What the clients of a part need to know: of the one that is served to all workers of the run in this folder.

    The first to ask has it started; the keeper of the run ends it. Raises :class:`PartDidNotStart`.
    """
    place = os.path.join(run, "parts")
    os.makedirs(place, exist_ok=True)
    with FileLock(os.path.join(place, name + ".lock")):
        served = read_json(os.path.join(place, name + ".json"))
        if served is None:
            _start(name, place)
            served = read_json(os.path.join(place, name + ".json"))
    if "failure" in served:
        raise PartDidNotStart(served["failure"])
    return served["about"]


def new_folder(name, run):
    """An empty folder for a part of its own in the folder of the run."""
    place = os.path.join(run, "parts")
    os.makedirs(place, exist_ok=True)
    return tempfile.mkdtemp(prefix=name + "-", dir=place)


def _start(name, place):
    log = os.path.join(place, name + ".log")
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "labproof.parts.serve", name, place],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=place,
            # Ctrl+C is for pytest, whose keeper then ends this one.
            start_new_session=True,
        )
    answer = os.path.join(place, name + ".json")
    wait_until(
        lambda: os.path.exists(answer) or process.poll() is not None, "the part " + name, timeout=SECONDS_TO_START
    )
    if not os.path.exists(answer):
        with open(log, encoding="utf-8", errors="replace") as output:
            said = output.read()[-4000:]
        write(place, name, {"failure": "%s did not start:\n%s" % (parts.find(name).title, said)})
    # Else Python, when it ends, complains of a process that still runs: this one is the keeper's to end.
    process.returncode = 0


def main(name, place):
    """Serve a part to a run: ``python -m labproof.parts.serve`` writes ``PLACE/NAME.json`` when it is ready."""
    folder = os.path.join(place, name)
    os.mkdir(folder)
    serve(name, folder, lambda about: write(place, name, {"about": about}))


if __name__ == "__main__":
    main(*sys.argv[1:])
