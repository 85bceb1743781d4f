"""What the parts have in common: free ports, Java, and a server process that is waited for and ended."""

import os
import secrets
import socket
import subprocess
from contextlib import ExitStack, contextmanager, suppress

import psutil

from labproof import java
from labproof.archive import FAST_START
from labproof.run import spark_installed
from labproof.waiting import wait_until

HERE = "127.0.0.1"

# A server for a few clients on this machine: half the time to start and a third of the memory.
JAVA_OPTIONS = FAST_START + ["-Djava.net.preferIPv4Stack=true"]


class ServerDied(Exception):
    """A server that ended before it was ready, or while it was used; the text has the end of its log."""


def free_ports(count):
    """So many ports that nobody listens at on loopback, each another one.

    None is of those that systems hand out by themselves, to Spark among others: until the server listens, somebody else
    could be given it, and be taken for the server.
    """
    with ExitStack() as stack:
        found = []  # type: list
        while len(found) < count:
            one = stack.enter_context(socket.socket())
            with suppress(OSError):  # somebody is there
                one.bind((HERE, 20000 + secrets.randbelow(12768)))
                found.append(one.getsockname()[1])
        return found


def java_command():
    """The command that starts the Java of this run, or the one that Spark would take."""
    home = os.environ.get("JAVA_HOME") if os.environ.get("LABPROOF_RUN") else None
    home = home or java.find(spark_installed()[1], os.environ)[0].home
    return os.path.join(home, "bin", "java")


def listens(port, host=HERE):
    """Whether somebody answers at this port."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def server(command, log, ready, title, timeout=180, **how):
    """A process that serves: ``ready()`` says when; it is asked to end after the ``with`` block, and its children too.

    ``log`` is the path its output goes to, ``how`` is for ``subprocess.Popen``. Raises :class:`ServerDied`.
    """
    with open(log, "ab") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **how)
    try:

        def is_ready():
            if process.poll() is not None:
                raise ServerDied("%s ended with status %d:\n%s" % (title, process.returncode, end_of(log)))
            return ready()

        try:
            wait_until(is_ready, "%s to be ready" % title, timeout=timeout)
        except TimeoutError as error:
            raise ServerDied("%s; its log ends:\n%s" % (error, end_of(log))) from None
        yield process
    finally:
        end(process)


def end(process, patience=20):
    """Ask a process (``subprocess.Popen``) and all its descendants to end, and kill what does not."""
    try:
        family = psutil.Process(process.pid).children(recursive=True)
    except psutil.Error:
        family = []
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _, left = psutil.wait_procs(family, timeout=2)
    for child in left:
        try:
            child.kill()
        except psutil.Error:
            continue


def end_of(log):
    """The last lines of a log, for an error."""
    with open(log, encoding="utf-8", errors="replace") as stream:
        return stream.read()[-4000:]
