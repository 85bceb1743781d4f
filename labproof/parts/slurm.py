"""A Slurm cluster on loopback: a host to log in to and two nodes, each with a name of its own."""

import getpass
import os
import shlex
import shutil
import stat
import subprocess
from contextlib import ExitStack, contextmanager

from labproof.parts import Part
from labproof.parts.processes import HERE, free_ports, server
from labproof.waiting import wait_until

LOGIN = "login"
NODES = ("n1", "n2")
#: The name of the partition on the slides.
PARTITION = "broadwl"

# All of Slurm, srun too, listens at the address that the host's own name stands for: hence a host to log in to as well,
# as this machine's name may stand for an address that others can reach. It is the same for all, since a node looks for
# srun at the address that its call came from, which on loopback is always this one.
CONFIGURATION = """\
ClusterName=labproof
SlurmctldHost={login}({here})
SlurmctldPort={controller_port}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
# Two nodes of two cores whatever this machine has.
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
# What sites may say: srun ends a step when one of its tasks fails, or a second after one has ended.
KillOnBadExit=1
WaitTime=1
MinJobAge=300
MailProg=/bin/true
{nodes}
PartitionName={partition} Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
"""
NODE = "NodeName={name} NodeHostname={name} NodeAddr={here} Port={port} CPUs=2 CoresPerSocket=2 RealMemory=8000"

# A process that believes to be on another host: it and its children see that host's name, and where the others are.
ON_HOST = """\
#!/bin/sh
exec {unshare} sh -c 'hostname "$0" && mount --bind {hosts} /etc/hosts && exec "$@"' "$@"
"""


class Slurm(Part):
    """Yields how to use the cluster, and what it consists of.

    ``environ`` is what Slurm's commands need in their environment, and ``login`` the words before a command that is to
    run on the host where users log in. ``partition`` and ``nodes`` are names, ``pids`` are those of the daemons.
    """

    name = "slurm"
    title = "Slurm"
    programs = ("slurmctld", "slurmd", "sbatch", "munged")
    remedy = "apt-get install slurm-wlm munge"

    def missing(self):
        """Slurm's programs, and the permission to give a process a host name of its own."""
        if not all(_program(name) for name in self.programs):
            return ["its programs: " + self.remedy]
        allowed = subprocess.run(_unshare() + ["true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if allowed.returncode:
            return [
                "namespaces, which this machine keeps from its users: sysctl kernel.unprivileged_userns_clone=1 "
                "user.max_user_namespaces=10000, or be root"
            ]
        return []

    def fetch(self, say):
        """Say what brings it: only root can."""
        say("%s: %s" % (self.title, "; ".join(self.missing()) or "is there"))

    @contextmanager
    def start(self, folder):
        """Start the daemons; at the end jobs that still run are cancelled first."""
        configuration = _configure(folder)
        environ = dict(os.environ, SLURM_CONF=configuration)
        on_host = os.path.join(folder, "on")
        log = os.path.join(folder, "%s.log")
        with ExitStack() as stack:

            def daemon(name, command, ready):
                process = server(command, log % name, ready, name + " of Slurm", cwd=folder, env=environ)
                return stack.enter_context(process).pid

            def ask(*command):
                return _ask([on_host, LOGIN] + list(command), environ)

            def is_idle(node):
                return ask("sinfo", "-h", "-n", node, "-o", "%t").strip() == "idle"

            pids = [
                daemon("munged", _munged(folder), lambda: _is_socket(os.path.join(folder, "munge.socket"))),
                daemon(
                    "slurmctld", [on_host, LOGIN, _program("slurmctld"), "-D"], lambda: " UP" in ask("scontrol", "ping")
                ),
            ]
            for node in NODES:
                command = [on_host, node, _program("slurmd"), "-D", "-N", node]
                pids.append(daemon("slurmd-" + node, command, lambda node=node: is_idle(node)))
            stack.callback(_shut_down, ask)
            yield {
                "environ": {"SLURM_CONF": configuration},
                "login": [on_host, LOGIN],
                "partition": PARTITION,
                "nodes": list(NODES),
                "pids": pids,
            }


def _program(name):
    return shutil.which(name, path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin")


def _unshare():
    """The command that gives a process a host name and mounts of its own, which root may do, others by a namespace."""
    return ["unshare", "--uts", "--mount"] + (["--map-current-user", "--keep-caps"] if os.geteuid() else [])


def _configure(folder):
    """Write all that daemons and clients read; the path of Slurm's configuration."""
    hosts, on_host = os.path.join(folder, "hosts"), os.path.join(folder, "on")
    with open(hosts, "w", encoding="ascii") as lines:
        lines.write("%s localhost %s\n" % (HERE, " ".join((LOGIN,) + NODES)))
    with open(on_host, "w", encoding="utf-8") as script:
        script.write(ON_HOST.format(unshare=" ".join(_unshare()), hosts=shlex.quote(hosts)))
    os.chmod(on_host, stat.S_IRWXU)
    controller_port, *ports = free_ports(1 + len(NODES))
    nodes = [NODE.format(name=name, here=HERE, port=port) for name, port in zip(NODES, ports)]
    path = os.path.join(folder, "slurm.conf")
    with open(path, "w", encoding="utf-8") as lines:
        lines.write(
            CONFIGURATION.format(
                login=LOGIN,
                here=HERE,
                controller_port=controller_port,
                user=getpass.getuser(),
                folder=folder,
                nodes="\n".join(nodes),
                partition=PARTITION,
            )
        )
    return path


def _munged(folder):
    """The command of the daemon that vouches for who somebody is, with a key that only this cluster has."""
    key = os.path.join(folder, "munge.key")
    with open(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(os.urandom(128))
    # Forced, as it does not like sockets below a folder that others may write to, such as /tmp.
    command = [_program("munged"), "--foreground", "--force", "--key-file=" + key]
    return (
        command
        + ["--%s=%s/munge.%s" % (what.split(".")[0] + "-file", folder, what) for what in ("pid", "seed")]
        + ["--socket=%s/munge.socket" % folder]
    )


def _is_socket(path):
    return os.path.exists(path) and stat.S_ISSOCK(os.stat(path).st_mode)


def _ask(command, environ):
    """What one of Slurm's commands prints, which is nothing when the controller does not answer yet."""
    done = subprocess.run(
        command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    return done.stdout.decode("utf-8", "replace")


def _shut_down(ask):
    """Cancel all jobs, and end the daemons when none is left: one that is ended before would leave its job running."""
    for job in ask("squeue", "-h", "-o", "%i").split():
        ask("scancel", job)
    wait_until(lambda: not ask("squeue", "-h"), "the end of Slurm's jobs", timeout=60)
    ask("scontrol", "shutdown")
