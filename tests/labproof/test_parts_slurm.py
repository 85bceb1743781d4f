"""Slurm on loopback: its daemons and its jobs end with the run, and nothing of it can be reached from outside."""

import os

import psutil
import pytest

from labproof import parts
from labproof.keeper import listening_beyond_loopback
from labproof.waiting import wait_until

SUBMITS = """
@claim("words")
def test_a(part):
    import os, subprocess, time
    from labproof.waiting import wait_until
    slurm = part("slurm")
    job = ["--nodes=2", "--exclusive", "--wrap", "srun sh -c 'touch at-work-$SLURM_NODEID; sleep 600'"]
    environ = dict(os.environ, **slurm["environ"])
    subprocess.check_call(slurm["login"] + ["sbatch"] + job, env=environ, cwd={folder!r})
    wait_until(lambda: {{"at-work-0", "at-work-1"}} <= set(os.listdir({folder!r})), "both nodes at work")
    with open({folder!r} + "/seen", "w") as stream:
        stream.write(slurm["environ"]["SLURM_CONF"])
    time.sleep({seconds})  # until it is killed, or 0 for a run that ends by itself
"""


@pytest.fixture
def running(course, tmp_path):
    """Start a run that submits a job to its Slurm, and goes on for so many seconds when both nodes are at work."""
    lacking = parts.find("slurm").missing()
    if lacking:
        pytest.skip("needs Slurm, and lacks " + "; ".join(lacking))

    def start(seconds):
        course.has(SUBMITS.format(folder=str(tmp_path), seconds=seconds), words="")
        process = course.start("-n", "0")
        seen = tmp_path / "seen"
        configuration = wait_until(lambda: seen.exists() and seen.read_text(), "both nodes at work", timeout=120)
        return process, configuration

    return start


def processes_of(configuration):
    """The daemons and the jobs of the Slurm with this configuration."""
    found = []
    for process in psutil.process_iter():
        try:
            # What leads a job has no environment that could be read.
            leads = process.name() == "slurmstepd" and process.cwd().startswith(os.path.dirname(configuration))
            if leads or process.environ().get("SLURM_CONF") == configuration:
                found.append(process)
        except psutil.Error:
            # It ended meanwhile, or belongs to somebody else.
            continue
    return found


def test_nothing_of_slurm_listens_beyond_loopback(running):
    process, configuration = running(seconds=600)
    found = processes_of(configuration)
    assert {"slurmctld", "slurmd", "srun"} <= {process.name() for process in found}
    assert list(listening_beyond_loopback(found)) == []
    process.kill()
    process.communicate()


def test_a_run_that_is_killed_leaves_no_daemon_and_no_job(running):
    process, configuration = running(seconds=600)

    def at_work():
        names = [found.name() for found in processes_of(configuration)]
        return [names.count(name) for name in ("slurmctld", "slurmd", "munged", "sleep")]

    wait_until(lambda: at_work() == [1, 2, 1, 2], "all daemons, and a task on each node")
    process.kill()
    process.communicate()
    wait_until(lambda: not processes_of(configuration), "the end of Slurm and its job", timeout=30)
    wait_until(lambda: not os.path.exists(configuration), "the end of the run's files")


def test_a_run_that_ends_cancels_its_jobs(running):
    process, configuration = running(seconds=0)
    process.communicate()
    assert processes_of(configuration) == []
