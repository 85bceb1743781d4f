"""The process that keeps a run's JVM: ``python -m labproof.keeper FOLDER [--watch]``.

It starts the JVM when somebody wants it, another when that one dies, and ends with its standard input: when the process
that started it closes it or is gone, also by SIGKILL. Then the JVM and every process that carries the run's name in its
environment, or has none and works in its folder, are ended, and the folder is removed. Workers read what it writes into
``FOLDER/jvm``: ``gateway-N.json`` (port, secret, pid), ``died-N.json`` and ``failed-N.json`` (cause, log). If it is to
watch, it writes into ``FOLDER/exposed.json`` which processes of the run listened beyond loopback, at any time.
"""

import ipaddress
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time

import psutil

from labproof.handover import MOST_JVMS, read_json, write

SECONDS_TO_START = 120
# A look at what listens takes some 30 ms; what is there for less time than this between two may be missed.
SECONDS_BETWEEN_LOOKS = 1


def main(folder, watched):
    """Keep the JVM of the run in ``folder`` until standard input ends."""
    jvms = os.path.join(folder, "jvm")
    watch = Watch(folder) if watched else None
    jvm = None
    generation = 0
    try:
        # A run that nobody wants a JVM from costs a look into a folder now and then.
        while not select.select([sys.stdin], [], [], 0.02)[0]:
            if jvm is None and generation < MOST_JVMS and os.path.exists(os.path.join(jvms, "wanted")):
                generation += 1
                jvm = Jvm(read_json(os.path.join(folder, "keeper.json")), jvms, generation)
            elif jvm is not None and not jvm.is_fine():
                if not jvm.announced:
                    # Another one would not start either.
                    generation = MOST_JVMS
                elif generation == MOST_JVMS:
                    write(jvms, "failed-%d" % (generation + 1), {"cause": "%d JVMs have died." % generation, "log": ""})
                jvm = None
            if watch is not None:
                watch.look()
    finally:
        if jvm is not None:
            jvm.end()
        end_processes_of(folder)
        shutil.rmtree(folder, ignore_errors=True)


class Jvm:
    """A JVM that runs Spark's gateway for Python, started by ``spark-submit``: by the ``how`` that the run wrote."""

    def __init__(self, how, folder, generation):
        self._folder = folder
        self._generation = generation
        self._address = os.path.join(folder, "address-%d" % generation)
        self._log = os.path.join(folder, "log-%d.txt" % generation)
        self.announced = False
        # Spark before 2.4 calls back with the port, later ones write it to a file, with a secret.
        self._callback = socket.socket()
        self._callback.bind(("127.0.0.1", 0))
        self._callback.listen(1)
        host, port = self._callback.getsockname()
        environ = dict(
            os.environ,
            SPARK_SUBMIT_OPTS=how["options"],
            _PYSPARK_DRIVER_CONN_INFO_PATH=self._address,
            _PYSPARK_DRIVER_CALLBACK_HOST=host,
            _PYSPARK_DRIVER_CALLBACK_PORT=str(port),
        )
        self._deadline = time.monotonic() + SECONDS_TO_START
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                how["command"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                # Relative paths of Spark's own making must not land in the user's folder.
                cwd=folder,
                env=environ,
                # Ctrl+C is for pytest, which still has to clean up with this JVM.
                preexec_fn=_ignore_interrupt,
            )

    def is_fine(self):
        """Look after the JVM; whether it still runs or is about to."""
        if self._process.poll() is None:
            if not self.announced and os.path.exists(self._address):
                with open(self._address, "rb") as stream:
                    self._announce(stream)
            elif not self.announced and select.select([self._callback], [], [], 0)[0]:
                with self._callback.accept()[0] as connection, connection.makefile("rb") as stream:
                    self._announce(stream)
            elif not self.announced and time.monotonic() > self._deadline:
                self._process.kill()
            return True
        status = self._process.returncode
        how = "was killed by " + signal.Signals(-status).name if status < 0 else "ended with exit status %d" % status
        kind = "died" if self.announced else "failed"
        self._write(kind, {"cause": "The JVM %s." % how, "log": self._end_of_log()})
        return False

    def _announce(self, stream):
        port = int.from_bytes(stream.read(4), "big")
        secret = stream.read(int.from_bytes(stream.read(4), "big")).decode("utf-8")
        self._write("gateway", {"port": port, "secret": secret, "pid": self._process.pid})
        self._callback.close()
        self.announced = True

    def _write(self, kind, content):
        write(self._folder, "%s-%d" % (kind, self._generation), content)

    def _end_of_log(self):
        with open(self._log, encoding="utf-8", errors="replace") as stream:
            return stream.read()[-4000:]

    def end(self):
        """Let the JVM end by itself, which it does when its standard input does; else kill it."""
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Watch:
    """Looks which processes of the run listen beyond loopback."""

    def __init__(self, folder):
        self._folder = folder
        self._next = 0.0
        self._exposed = {}

    def look(self):
        """Look, if the last time is long enough ago, and write down what was found for the first time."""
        if time.monotonic() < self._next:
            return
        found = dict(listening_beyond_loopback(processes_of(self._folder)))
        if not found.keys() <= self._exposed.keys():
            self._exposed.update(found)
            write(self._folder, "exposed", list(self._exposed.values()))
        self._next = time.monotonic() + SECONDS_BETWEEN_LOOKS


def listening_beyond_loopback(processes):
    """For each address beyond loopback at which one of them listens, that and a sentence about who it is."""
    for process in processes:
        try:
            for connection in process.net_connections("inet"):
                if connection.status == psutil.CONN_LISTEN and not _is_loopback(connection.laddr.ip):
                    place = "%s, port %d" % tuple(connection.laddr)
                    yield (process.pid, place), "%s: %s" % (place, " ".join(process.cmdline()))
        except psutil.Error:
            # It ended meanwhile.
            continue


def _is_loopback(ip):
    address = ipaddress.ip_address(ip)
    # Java listens on the same address in the notation of IPv6.
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _ignore_interrupt():
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def processes_of(folder):
    """The processes, other than this one, with the run's name in their environment, or with none and at work there."""
    found = []
    place = os.path.realpath(folder) + os.sep
    for process in psutil.process_iter():
        try:
            environ = process.environ()
            if environ:
                is_ours = folder in environ.get("LABPROOF_RUN", "").split(os.pathsep)
            else:
                # Slurm's slurmstepd writes its title there; it would wait many minutes for a cluster that is gone.
                is_ours = process.cwd().startswith(place)
            if is_ours and process.pid != os.getpid():
                found.append(process)
        except psutil.Error:
            # It ended meanwhile, or belongs to somebody else.
            continue
    return found


def end_processes_of(folder):
    """End what the run left behind: asked at first, killed after two seconds."""
    for end, patience in (psutil.Process.terminate, 2), (psutil.Process.kill, 5):
        left = processes_of(folder)
        for process in left:
            try:
                end(process)
            except psutil.Error:
                continue
        psutil.wait_procs(left, timeout=patience)


if __name__ == "__main__":
    main(sys.argv[1], watched=sys.argv[2:] == ["--watch"])
