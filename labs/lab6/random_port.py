"""Lab 6, slide 31: chooses a random port from 9000 to 10000 and writes the commands for it into two files.

    python random_port.py

mync.sh listens at the port, mystream.sh counts the words that come from there. Where they are already, they stay as
they are, so that two terminals agree.
"""

import contextlib
import os
import random
import re
import shutil
import socket
import subprocess
import tempfile

HEAD = '#!/bin/sh\ncd "$(dirname "$0")"\n'


def free_port():
    """A random port from 9000 to 10000 at which nobody listens."""
    for port in random.sample(range(9000, 10001), 1001):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise SystemExit("random_port.py: no port from 9000 to 10000 is free")


def listen(port, program=None, its_help=""):
    """The command that listens at localhost:port: a netcat, by what it says of itself, or nc.py where there is none."""
    # BusyBox's netcat cannot be told to listen on this machine only.
    if program is None or "BusyBox" in its_help:
        return "exec ${PYTHON:-python3} nc.py %d" % port
    if re.search(r"\[v1\.\d|GNU netcat", its_help):
        return "exec %s -l -p %d -s 127.0.0.1" % (program, port)
    return "exec %s -l 127.0.0.1 %d" % (program, port)


def netcat():
    """Path of this machine's netcat and what it says of itself; None and nothing if there is none."""
    for name in "nc", "netcat", "ncat":
        program = shutil.which(name)
        if program:
            asked = subprocess.run(
                [program, "-h"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            return name, asked.stdout.decode(errors="replace")
    return None, ""


def write_once(path, text):
    """Write a file in whole unless it is there; return what is in it then."""
    with tempfile.NamedTemporaryFile("w", dir=os.path.dirname(path)) as new:
        new.write(text)
        new.flush()
        os.chmod(new.name, 0o755)
        with contextlib.suppress(FileExistsError):
            os.link(new.name, path)
    with open(path) as file:
        return file.read()


def main():
    """Write the two files beside this one."""
    folder = os.path.dirname(os.path.abspath(__file__))
    # The other terminal may be doing the same at this moment: the port is the one in the file that came first.
    written = write_once(os.path.join(folder, "mync.sh"), HEAD + listen(free_port(), *netcat()) + "\n")
    port = re.search(r"\b(9\d\d\d|10000)\b", written).group()
    command = "exec ${SPARK_SUBMIT:-spark-submit} word_count.py %s localhost\n" % port
    write_once(os.path.join(folder, "mystream.sh"), HEAD + command)


if __name__ == "__main__":
    main()
