"""A lab as attendees run it: a copy of the course in a folder of its own, and a shell to type commands in."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import psutil

from labproof.session import CONNECT
from labproof.waiting import wait_until


class Attendee:
    """An attendee's copy of the course; ``folder`` is where it is."""

    def __init__(self, course, folder, parts=("labs", "data")):
        """Copy the ``parts`` of the folder ``course`` into ``folder``."""
        self.folder = Path(str(folder))
        for part in parts:
            shutil.copytree(
                str(Path(str(course)) / part),
                str(self.folder / part),
                ignore=shutil.ignore_patterns("__pycache__", ".*"),
            )
        # What attendees have on their PATH: the scripts that pip put beside Python.
        scripts = [os.path.dirname(sys.executable), os.path.join(os.environ.get("SPARK_HOME", ""), "bin")]
        # Labs find each other by where they are; the course under test is not on an attendee's path.
        path = [place for place in os.environ.get("PYTHONPATH", "").split(os.pathsep) if place not in ("", str(course))]
        self.environ = dict(
            os.environ,
            PYTHONPATH=os.pathsep.join(path),
            PATH=os.pathsep.join(scripts + [os.environ.get("PATH", os.defpath)]),
        )
        for name in CONNECT:
            self.environ.pop(name, None)
        self._children = []

    def _place(self, lab):
        return str(self.folder / "labs" / lab) if lab else str(self.folder)

    def run(self, command, lab=None, status=0, timeout=600):
        """Run a command line in the folder of ``lab``; the finished process with its output as text.

        The exit status has to be ``status``; None takes any. The command gets no input. Raises
        ``subprocess.TimeoutExpired`` after ``timeout`` seconds.
        """
        done = subprocess.run(
            command if isinstance(command, list) else shlex.split(command),
            cwd=self._place(lab),
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
            timeout=timeout,
        )
        if status is not None and done.returncode != status:
            raise AssertionError(
                "%r ended with exit status %d, not %d.\nOn standard output:\n%s\nOn standard error:\n%s"
                % (command, done.returncode, status, done.stdout, done.stderr)
            )
        return done

    def spawn(self, command, lab=None, timeout=120):
        """Start a command line on a terminal of its own; a ``pexpect.spawn`` to type into and read from."""
        import pexpect

        child = pexpect.spawn(
            command,
            cwd=self._place(lab),
            env=self.environ,
            encoding="utf-8",
            timeout=timeout,
            dimensions=(50, 200),
            preexec_fn=_end_with_the_terminal,
        )
        self._children.append(child)
        return child

    def kill(self, child):
        """Kill by SIGKILL what was started on a terminal, with all that it started there; the processes, now gone."""
        family = [psutil.Process(child.pid)] + psutil.Process(child.pid).children(recursive=True)
        # The terminal has made of all of them, Python and JVM, one process group.
        os.killpg(child.pid, signal.SIGKILL)
        _end_of_killed(child)
        child.close()
        _, alive = psutil.wait_procs(family, timeout=60)
        assert alive == []
        return family

    def close(self):
        """End what was started on a terminal and still runs, by hanging up."""
        for child in self._children:
            _close(child)


def _end_with_the_terminal():
    # Also in a run under nohup, which ignores the signal and would leave that to what it starts.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _close(child):
    import pexpect

    try:
        child.close(force=True)
    except pexpect.ExceptionPexpect:
        # It has been killed, too.
        _end_of_killed(child)


def _end_of_killed(child):
    # A busy machine takes longer over it than pexpect waits.
    wait_until(lambda: not child.isalive(), "the end of what was killed")


@contextmanager
def attendee_in(course, folder):
    """An :class:`Attendee` whose terminals are closed at the end."""
    attendee = Attendee(course, folder)
    try:
        yield attendee
    finally:
        attendee.close()
