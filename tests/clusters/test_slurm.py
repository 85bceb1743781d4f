"""Slides 34 to 37: lab 7 on a real Slurm with two nodes, and what the slides type there.

The cluster is on loopback, or with ``--slurm-partition`` the one at hand. A variable that Slurm sets tells whose job a
process is, so that one is found that nobody looks after any more.
"""

import ast
import json
import os
import pwd
import re
import shlex
import shutil
import stat
import subprocess
import sys

import psutil
import pytest

from labproof.archive import FAST_START
from labproof.keeper import listening_beyond_loopback, processes_of
from labproof.parts.processes import end
from labproof.run import spark_installed
from labproof.waiting import wait_until

pytestmark = [pytest.mark.slow_start, pytest.mark.in_order]

# Says where its tasks run and with which Python, and then computes a sum in tasks that wait to be told to go on. Told
# "kill", the tasks of other nodes than the driver's kill their worker at first.
PROGRAM = """
import os, signal, socket, sys, time

from pyspark import SparkContext, TaskContext

def where(_):
    time.sleep(0.2)  # so that one node alone cannot take all of them
    return socket.gethostname(), sys.executable

def square(x):
    while not os.path.exists(told):
        time.sleep(0.1)  # a poll, until it is told
    if open(told).read() == "kill" and socket.gethostname() != home and TaskContext.get().attemptNumber() == 0:
        os.kill(recovery.parent_of(recovery.executor()), signal.SIGKILL)
        time.sleep(600)  # until its executor has ended
    if TaskContext.get().attemptNumber():
        time.sleep(2)  # past Slurm's WaitTime, after which what is left of the step would be ended
    return x * x

sc = SparkContext.getOrCreate()
# Spark 2.3.0 brings it no sooner.
import recovery
told, home = os.path.abspath("told-" + os.environ["SLURM_JOB_ID"]), socket.gethostname()
print(sorted(set([(home, sys.executable)] + sc.parallelize(range(16), 16).map(where).collect())), flush=True)
print(sc.parallelize(range(4), 4).map(square).sum())
"""


# What a site might have set for all programs.
OF_THE_SITE = """\
spark.authenticate false
spark.decommission.enabled true
spark.logConf true
"""

# Asks the page of a job's master to end the program and to take the workers out of service, as its buttons do; prints
# what is there before and after it.
ASK = """
import json, re, sys
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

def read(path):
    return urlopen(page + path).read().decode("utf-8")

def seen():
    told = json.loads(read("/json/"))
    programs = [program["id"] for program in told["activeapps"]]
    return programs, sorted([worker["host"], worker["state"]] for worker in told["workers"])

page = sys.argv[1]
programs, workers = seen()
asked = [("/app/kill/", {"id": program, "terminate": "true"}) for program in programs]
asked += [("/workers/kill/", {"host": host}) for host, _ in workers]
# What a later Spark puts into the form of a button.
token = re.findall('name="(csrfToken)" value="(.*?)"', read("/"))
for path, form in asked:
    try:
        urlopen(page + path, urlencode(dict(form, **dict(token))).encode("ascii")).close()
    except HTTPError:
        pass  # a refusal
print(json.dumps([[programs, workers], seen()]))
"""


class Cluster(object):
    """An attendee on the host where users of Slurm log in. ``login`` are the words that lead a command there."""

    def __init__(self, attendee, partition, login):
        self.attendee = attendee
        self.partition = partition
        self.login = login
        # In a queue of others a job waits for its turn.
        self.patience = 300 if login else 3600
        # Elsewhere accounts are checked.
        self.account = "SBATCH_ACCOUNT=physics" if login else ""
        self.lab = attendee.folder / "labs" / "lab7"

    def run(self, command, **how):
        """Type a command in the folder of lab 7; the finished process."""
        return self.attendee.run(self.login + shlex.split(command), lab="lab7", **how)

    def submit(self, command):
        """Type a command that submits a batch script; the number of the job."""
        return re.search(r"Submitted batch job (\d+)", self.run(command).stdout).group(1)

    def about(self, job, what):
        """What ``scontrol show job`` says of it, such as its ``JobState``."""
        return re.search(r"\b%s=(\S+)" % what, self.run("scontrol show job " + job).stdout).group(1)

    def wait_for(self, job, *states):
        """Wait until the job is in one of these states, and return it."""

        def state():
            now = self.about(job, "JobState")
            return now if now in states else None

        return wait_until(state, "job %s to be %s" % (job, " or ".join(states)), timeout=self.patience, every=0.3)

    def end_of(self, job):
        """Wait for the job's end; its last state."""
        return self.wait_for(job, "COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL")

    def said(self, job, stream="out"):
        """What a job has written up to now; it is running a moment before it has files to write to."""
        return "".join(path.read_text(encoding="utf-8") for path in self.lab.glob("*_%s.%s" % (job, stream)))

    def processes(self, job):
        """The job's processes on this machine. Another run's Slurm counts its jobs from one as well."""
        conf = self.attendee.environ.get("SLURM_CONF")
        found = ((process, environ_of(process)) for process in psutil.process_iter())
        found = ((process, environ) for process, environ in found if conf in (None, environ.get("SLURM_CONF")))
        return [process for process, environ in found if environ.get("SLURM_JOB_ID") == job]

    def nothing_left(self, job):
        """Whether no process of the job is left, nor its secret, soon after its end."""
        wait_until(lambda: not self.processes(job), "the end of all processes of job " + job, timeout=60)
        return not self.folder(job).exists()

    def folder(self, job):
        """Where a cluster of Spark has its secret and its logs."""
        return self.lab / (".spark-" + job)


def environ_of(process):
    try:
        return process.environ()
    except psutil.Error:
        return {}


@pytest.fixture(scope="module")
def cluster(request, attendee_of_module, tmp_path_factory):
    """Slurm with two nodes: on loopback, or the one at hand."""
    partition = request.config.option.slurm_partition
    environ = attendee_of_module.environ
    login = []
    if partition is None:
        slurm = request.getfixturevalue("part")("slurm")
        partition, login = slurm["partition"], slurm["login"]
        environ.update(slurm["environ"])
        environ["SPARK_DAEMON_JAVA_OPTS"] = " ".join(FAST_START + ["-Djava.net.preferIPv4Stack=true"])
        site = tmp_path_factory.mktemp("site")
        (site / "spark-defaults.conf").write_text(OF_THE_SITE, encoding="ascii")
        environ["SPARK_CONF_DIR"] = str(site)
    else:
        for name in "SPARK_SUBMIT_OPTS", "SPARK_LOCAL_IP", "SPARK_LOCAL_DIRS", "TMPDIR":
            environ.pop(name, None)
        environ["SBATCH_PARTITION"] = partition
    environ["SALLOC_PARTITION"] = partition
    for name in "PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON":
        # It is for the lab to see to.
        environ.pop(name, None)
    # A busy machine takes longer to start Java than any that runs jobs.
    environ["SPARK_SLURM_SECONDS"] = "300"
    (attendee_of_module.folder / "labs" / "lab7" / "program.py").write_text(PROGRAM, encoding="utf-8")
    return Cluster(attendee_of_module, partition, login)


@pytest.mark.claim("slurm.interactive")
def test_a_lab_runs_at_a_terminal_on_a_compute_node_that_is_given_back_at_the_end(cluster):
    here = cluster.run("hostname").stdout.strip()
    command = cluster.login + shlex.split("salloc --nodes=1 --exclusive --time=3:00:00 srun --pty bash --norc")
    terminal = cluster.attendee.spawn(" ".join(command), lab="lab7", timeout=cluster.patience)
    terminal.expect(r"allocation (\d+)")
    job = terminal.match.group(1)
    # The prompt of a user, or of root.
    terminal.expect("[$#] ")
    terminal.sendline("PS1='ready> '; tty; echo on $(hostname)")
    terminal.expect(r"/dev/pts/\d+\s+on (\S+)")
    assert terminal.match.group(1) != here
    terminal.sendline("make -C ../lab5 perceptron")
    terminal.expect(r"[^\d.](0\.9\d+)\s")
    terminal.sendline("exit")
    terminal.expect("Relinquishing job allocation")
    cluster.end_of(job)
    assert cluster.nothing_left(job)


class Queued(object):
    """What is seen of a job that runs single.batch, and of one that wants the same node."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.first = cluster.submit("make single")
        cluster.wait_for(self.first, "RUNNING", "COMPLETED")
        node = cluster.about(self.first, "NodeList")
        self.second = cluster.submit("sbatch --nodelist=%s single.batch" % node)
        self.queue = wait_until(self.reason, "Slurm to say what the second job waits for")
        self.first_meanwhile = cluster.about(self.first, "JobState")
        cluster.run("scancel " + self.second)
        self.second_state = cluster.end_of(self.second)
        self.second_ran = cluster.about(self.second, "RunTime")
        self.first_state = cluster.end_of(self.first)

    def reason(self):
        """The second job's number, its state and what it waits for, as soon as Slurm has looked at it."""
        told = self.cluster.run("squeue --noheader --format='%%i %%T %%r' -j %s" % self.second).stdout.split()
        return None if told[1:] == ["PENDING", "None"] else told


@pytest.fixture(scope="module")
def queued(cluster):
    return Queued(cluster)


@pytest.mark.claim("slurm.single")
def test_the_batch_script_writes_the_accuracy_to_its_out_file(cluster, queued, measured):
    assert queued.first_state == "COMPLETED", cluster.said(queued.first, "err")
    assert float(cluster.said(queued.first).splitlines()[-1]) == measured("accuracy")


@pytest.mark.claim("slurm.single")
def test_a_second_job_that_wants_the_same_node_waits_in_the_queue(queued):
    assert queued.first_meanwhile == "RUNNING"
    assert queued.queue[:2] == [queued.second, "PENDING"]
    assert queued.queue[2] in ("Resources", "Priority")


@pytest.mark.claim("slurm.single")
def test_scancel_takes_a_job_out_of_the_queue_before_it_has_run(queued):
    assert (queued.second_state, queued.second_ran) == ("CANCELLED", "00:00:00")


@pytest.mark.claim("slurm.single")
@pytest.mark.parametrize("script", ["single", "multi"])
def test_partition_time_and_account_are_those_of_the_environment_or_else_of_the_slide(cluster, script):
    of_slide = cluster.submit("sbatch --hold %s.batch" % script)
    own = cluster.submit("env SBATCH_TIMELIMIT=7 %s sbatch --hold %s.batch" % (cluster.account, script))
    try:
        assert cluster.about(of_slide, "TimeLimit") == "00:10:00"
        assert cluster.about(own, "TimeLimit") == "00:07:00"
        assert cluster.about(own, "Partition") == cluster.partition
        if cluster.account:
            assert cluster.about(own, "Account") == "physics"
    finally:
        cluster.run("scancel %s %s" % (of_slide, own))


class Running(object):
    """A job in mid run on two nodes: its program has said where its tasks run, and waits to be told to go on."""

    def __init__(self, cluster, options=""):
        self.cluster = cluster
        self.job = cluster.submit("sbatch %s multi.batch --py-files ../lab1/recovery.py program.py" % options)
        self.folder = cluster.folder(self.job)

    def wait(self):
        """Wait until its program waits."""

        def waits():
            state = self.cluster.about(self.job, "JobState")
            said = self.cluster.said(self.job) + self.cluster.said(self.job, "err")
            assert state in ("PENDING", "CONFIGURING", "RUNNING"), said
            return state == "RUNNING" and self.where()

        wait_until(waits, "tasks of job " + self.job, timeout=self.cluster.patience, every=0.3)
        return self

    def where(self):
        """The host and the Python of each task and of the driver, as a set of pairs."""
        lines = [line for line in self.cluster.said(self.job).splitlines() if line.startswith("[(")]
        return set(ast.literal_eval(lines[0])) if lines else set()

    def tell(self, word):
        """Let the program go on."""
        written = self.cluster.lab / ("to-tell-" + self.job)
        written.write_text(word, encoding="ascii")
        # A task that looked in between would see a file without the word.
        written.replace(self.cluster.lab / ("told-" + self.job))

    def master(self):
        """The URL of the cluster's master."""
        return re.search(r"Starting Spark master at (\S+)", self.log()).group(1)

    def lent(self):
        """For each worker its cores and its memory, in megabytes."""
        return re.findall(r"Registering worker \S+ with (\d+) cores, (\S+) ", self.log())

    def log(self):
        """What the master has written."""
        return (self.folder / "master-0.log").read_text(encoding="utf-8")

    def settings(self):
        """The settings of the job's Spark. Of two with the same name Spark takes the last."""
        written = (self.folder / "conf" / "spark-defaults.conf").read_text(encoding="utf-8")
        return dict(line.split(None, 1) for line in written.splitlines() if line)

    def secret(self):
        """The secret of the job."""
        return re.match(r"\w{64}$", self.settings()["spark.authenticate.secret"]).group()


@pytest.fixture(scope="module")
def running(cluster):
    job = Running(cluster).wait()
    yield job
    cluster.run("scancel " + job.job, status=None)


@pytest.mark.claim("slurm.multi")
def test_tasks_run_on_both_nodes_of_the_job_with_the_python_of_the_driver(cluster, running):
    where = running.where()
    assert len({host for host, _ in where}) == 2
    assert len({python for _, python in where}) == 1


@pytest.mark.claim("slurm.multi")
def test_each_worker_listens_where_the_name_of_its_own_node_leads(cluster, running):
    if not cluster.login:
        pytest.skip("looks at processes of both nodes: leave out --slurm-partition")
    workers = [p for p in cluster.processes(running.job) if "org.apache.spark.deploy.worker.Worker" in p.cmdline()]
    assert {environ_of(worker)["SPARK_LOCAL_IP"] for worker in workers} == {host for host, _ in running.where()}


@pytest.mark.claim("slurm.multi")
def test_the_secret_of_the_job_is_nowhere_that_others_can_read(running):
    assert stat.S_IMODE(running.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((running.folder / "conf" / "spark-defaults.conf").stat().st_mode) == 0o600
    secret = running.secret()
    commands = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
    assert [command for command in commands if secret in command] == []


@pytest.mark.claim("slurm.multi")
def test_another_user_of_the_node_is_refused_the_secret(running, cluster):
    if os.geteuid() != 0:
        pytest.skip("needs to become another user for a moment: be root")
    places = [running.folder / "conf" / "spark-defaults.conf"]
    places += ["/proc/%d/environ" % process.pid for process in cluster.processes(running.job)]
    assert len(places) > 5 or not cluster.login
    nobody = pwd.getpwnam("nobody").pw_uid
    for place in places:
        done = subprocess.run(
            ["cat", str(place)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=lambda: os.setuid(nobody)
        )
        assert (done.returncode, done.stdout) == (1, b""), place
        assert b"Permission denied" in done.stderr


@pytest.mark.claim("slurm.multi")
@pytest.mark.parametrize(
    ("settings", "refusal"),
    [
        ("spark.authenticate=false", "Expected SaslMessage"),
        ("spark.authenticate.secret=guessed", "DIGEST-MD5: digest response format violation|Mismatched response"),
    ],
)
def test_the_master_takes_no_program_without_the_secret_of_its_job(running, cluster, settings, refusal, tmp_path):
    environ = dict(cluster.attendee.environ, SPARK_CONF_DIR=str(tmp_path))
    command = ["spark-submit", "--master", running.master(), "--conf", "spark.authenticate=true", "--conf", settings]
    with (tmp_path / "log").open("wb") as log:
        intruder = subprocess.Popen(
            cluster.login + command + ["../lab1/recovery.py"], cwd=str(cluster.lab), env=environ, stdout=log, stderr=log
        )
    try:
        # It would try for a minute.
        said = wait_until(
            lambda: re.search(refusal, (tmp_path / "log").read_text(encoding="utf-8")), "the refusal", timeout=180
        )
    finally:
        end(intruder)
    assert said
    assert running.log().count("Registered app") == 1


@pytest.mark.claim("slurm.multi")
def test_the_page_of_the_master_ends_neither_program_nor_worker_for_whoever_asks(running, cluster):
    page = re.search(r"MasterWebUI\S* .*started at (\S+)", running.log()).group(1)
    (cluster.lab / "ask.py").write_text(ASK, encoding="utf-8")
    before, after = json.loads(cluster.run("python ask.py " + page).stdout)
    programs, workers = before
    assert len(programs) == 1
    assert [state for _, state in workers] == ["ALIVE", "ALIVE"]
    assert before == after


@pytest.mark.claim("slurm.multi")
def test_the_master_has_its_port_and_its_page_and_no_other_door(running):
    started = re.findall(r"Successfully started service ?(.*) on port \d+", running.log())
    assert started == ["'sparkMaster'", "'MasterUI'"]


@pytest.mark.claim("slurm.multi")
def test_the_sites_settings_hold_but_for_those_that_keep_others_out(running, cluster):
    if not cluster.login:
        pytest.skip("is about settings that the test has made: leave out --slurm-partition")
    settings = running.settings()
    assert settings["spark.logConf"] == "true"
    assert settings["spark.authenticate"] == "true"
    assert re.search("^spark.logConf=true$", cluster.said(running.job, "err"), re.MULTILINE)


@pytest.mark.claim("slurm.multi")
def test_neither_slurm_nor_spark_listens_beyond_loopback(running, cluster, measured):
    if not cluster.login:
        pytest.skip("is about the cluster on loopback: leave out --slurm-partition")
    processes = processes_of(os.environ["LABPROOF_RUN"].split(os.pathsep)[-1])
    names = {process.name() for process in processes}
    assert {"slurmctld", "slurmd", "srun", "java", "munged"} <= names
    seen = [re.findall(r"\bspark\.deploy\.\w+\.(\w+)", who) for _, who in listening_beyond_loopback(processes)]
    assert sorted(seen) == measured("seen from all networks")


@pytest.mark.claim("slurm.multi")
def test_the_answer_is_the_same_when_the_worker_of_a_node_is_killed_and_nothing_is_left(running, cluster):
    running.tell("kill")
    assert cluster.end_of(running.job) == "COMPLETED", cluster.said(running.job, "err")
    assert cluster.said(running.job).splitlines()[-1] == "14"
    # Two tasks of the first stage with waiting ones were on that node.
    said = cluster.said(running.job, "err")
    assert re.search(r"Lost executor \d+ on ", said)
    assert len(re.findall(r"Starting task \d\.1 in stage 1\.0", said)) == 2
    assert cluster.nothing_left(running.job)


@pytest.fixture(scope="module")
def two_jobs(cluster, running):
    """Two jobs with a core on each of the same two nodes."""
    cluster.run("scancel " + running.job, status=None)
    options = "--oversubscribe --ntasks-per-node=1 --mem=2000"
    first = Running(cluster, options)
    second = Running(cluster, options)
    first.wait()
    second.wait()
    yield first, second
    for job in first, second:
        cluster.run("scancel " + job.job, status=None)


@pytest.mark.claim("slurm.multi")
def test_two_jobs_that_share_their_nodes_have_a_cluster_each(two_jobs, cluster):
    first, second = two_jobs
    assert cluster.about(first.job, "NodeList") == cluster.about(second.job, "NodeList")
    assert first.master() != second.master()
    assert first.secret() != second.secret()
    # No more than its share.
    for job in two_jobs:
        assert job.lent() == [("1", "2000.0")] * 2


@pytest.mark.claim("slurm.multi")
def test_nothing_is_left_of_a_job_that_is_cancelled_in_the_middle(two_jobs, cluster):
    job = two_jobs[0].job
    assert len(cluster.processes(job)) > 5 or not cluster.login
    cluster.run("scancel " + job)
    assert cluster.end_of(job) == "CANCELLED"
    assert cluster.nothing_left(job)


@pytest.mark.claim("slurm.multi")
def test_nothing_is_left_of_a_job_whose_time_is_up(two_jobs, cluster):
    job = two_jobs[1].job
    cluster.run("scontrol update JobId=%s TimeLimit=1" % job)
    assert cluster.end_of(job) == "TIMEOUT"
    assert cluster.nothing_left(job)


@pytest.mark.claim("slurm.multi")
def test_a_job_whose_program_fails_has_failed(cluster, running):
    cluster.run("scancel " + running.job, status=None)
    job = cluster.submit("sbatch multi.batch no_such_program.py")
    assert cluster.end_of(job) == "FAILED"
    assert "no_such_program.py" in cluster.said(job)
    assert cluster.nothing_left(job)


# In place of Spark's own: no worker on the second node.
ONLY_ON_THE_FIRST_NODE = """\
#!/bin/sh
[ "$SLURM_NODEID" = 0 ] || exit 1
exec {spark_class} "$@"
"""


@pytest.mark.claim("slurm.multi")
def test_a_job_whose_second_worker_does_not_come_fails_and_says_so(cluster):
    (cluster.lab / "broken").mkdir()
    broken = cluster.lab / "broken" / "spark-class"
    own = shutil.which("spark-class", path=cluster.attendee.environ["PATH"])
    broken.write_text(ONLY_ON_THE_FIRST_NODE.format(spark_class=shlex.quote(own)), encoding="utf-8")
    broken.chmod(0o755)
    loaded = "module load spark || exit\n"
    script = (cluster.lab / "multi.batch").read_text(encoding="utf-8")
    assert loaded in script
    script = script.replace(loaded, loaded + "PATH=$PWD/broken:$PATH SPARK_SLURM_SECONDS=30\n")
    (cluster.lab / "broken.batch").write_text(script, encoding="utf-8")
    job = cluster.submit("sbatch broken.batch")
    assert cluster.end_of(job) == "FAILED"
    assert re.search("[01] of 2 workers registered within 30 s", cluster.said(job, "err"))
    assert cluster.said(job) == ""
    assert cluster.nothing_left(job)


@pytest.fixture
def modules():
    """The script that brings the command ``module`` into a shell."""
    places = ["/etc/profile.d/modules.sh", "/etc/profile.d/lmod.sh"]
    found = [place for place in places if os.path.exists(place)]
    if not found:
        pytest.skip("needs environment modules: apt-get install environment-modules")
    return found[0]


@pytest.mark.claim("slurm.single")
def test_module_load_spark_puts_spark_on_the_path_and_module_unload_takes_it_off(attendee, modules):
    words = ". %s; module use modulefiles; module load spark; echo $SPARK_HOME; command -v spark-submit; " % modules
    words += "module unload spark; echo still $SPARK_HOME; case $PATH in *$home/bin*) echo on the path;; esac"
    home = spark_installed()[0]
    attendee.environ.pop("SPARK_HOME", None)
    attendee.environ["home"] = home
    attendee.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.defpath])
    said = attendee.run(["bash", "-c", words], lab="lab7").stdout.splitlines()
    assert said == [home, os.path.join(home, "bin", "spark-submit"), "still"]


@pytest.mark.claim("slurm.single")
def test_without_modules_and_without_spark_the_job_says_what_to_do(cluster, tmp_path):
    if not cluster.login:
        pytest.skip("hides the modules of this machine: leave out --slurm-partition")
    # Nobody has to know a module from before.
    hidden = "mount --bind %s /etc/profile.d && exec env -i PATH=%s " % (tmp_path, os.defpath)
    done = cluster.run("sh -c '%s bash single.batch'" % hidden, status=1)
    assert "no spark-submit on the PATH of the job" in done.stderr
    assert "Remedy: before sbatch, activate the environment that has pyspark" in done.stderr
    assert done.stdout == ""
