"""The part hadoop: what runs on it is found and ended also when nobody is left to end it in order."""

import json
import os
import subprocess
import sys
from urllib.request import Request, urlopen

import psutil
import pytest

from labproof import parts
from labproof.keeper import end_processes_of, listening_beyond_loopback, processes_of
from labproof.parts.hadoop import get_json
from labproof.waiting import wait_until

pytestmark = [pytest.mark.slow_start, pytest.mark.in_order]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The name of a run: what all its processes carry in their environment."""
    name = str(tmp_path_factory.mktemp("run"))
    yield name
    end_processes_of(name)


@pytest.fixture(scope="module")
def serving(run, told, tmp_path_factory):
    """The process that serves the part, and what it tells its clients."""
    lacking = parts.find("hadoop").missing()
    if lacking:
        pytest.skip("needs Hadoop, and lacks " + "; ".join(lacking))
    outer = os.environ.get("LABPROOF_RUN")
    environ = dict(os.environ, LABPROOF_RUN=os.pathsep.join(filter(None, [outer, run])))
    environ["TMPDIR"] = str(tmp_path_factory.mktemp("tmp"))
    command = [sys.executable, "-m", "labproof", "parts", "serve", "hadoop"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environ, universal_newlines=True)
    about = told(process)
    yield process, about
    process.terminate()
    process.communicate()


def post(address, content):
    body = json.dumps(content).encode("ascii")
    with urlopen(Request(address, body, {"Content-Type": "application/json"})) as answer:
        return answer.read().decode("utf-8")


@pytest.fixture(scope="module")
def container(serving, tmp_path_factory):
    """The process of an application that sleeps, in a container of YARN's."""
    _, about = serving
    pid = tmp_path_factory.mktemp("container") / "pid"
    apps = about["resourcemanager"] + "/ws/v1/cluster/apps"
    application = {
        "application-id": json.loads(post(apps + "/new-application", {}))["application-id"],
        "application-name": "sleeps",
        "am-container-spec": {
            "commands": {"command": "echo $$ > '%s.new' && mv '%s.new' '%s' && exec sleep 600" % (pid, pid, pid)}
        },
        "resource": {"memory": 128, "vCores": 1},
    }
    post(apps, application)

    wait_until(pid.exists, "the application that sleeps", timeout=180)
    return psutil.Process(int(pid.read_text()))


def test_both_nodes_are_there_as_soon_as_it_is_ready(serving):
    _, about = serving
    assert get_json(about["resourcemanager"] + "/ws/v1/cluster/metrics")["clusterMetrics"]["activeNodes"] == 2
    [beans] = get_json(about["namenode"] + "/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState")["beans"]
    assert beans["NumLiveDataNodes"] == 2


def test_nothing_of_it_listens_beyond_loopback(serving, container, run):
    listening = [c for p in processes_of(run) for c in p.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert len(listening) > 10
    assert list(listening_beyond_loopback(processes_of(run))) == []


def test_when_it_is_killed_its_containers_are_found_by_the_name_of_the_run_and_ended(serving, container, run):
    process, about = serving
    daemons = [psutil.Process(pid) for pid in set(about["nodes"])]
    process.kill()
    process.wait()
    assert psutil.wait_procs(daemons, timeout=60)[1] == []
    assert container in processes_of(run)
    end_processes_of(run)
    assert not container.is_running()
    assert processes_of(run) == []
