"""Spark's own cluster: a master that survives its own end, and two workers."""

import json
import os
from contextlib import ExitStack, contextmanager
from urllib.request import urlopen

from labproof.parts import Part
from labproof.parts.processes import HERE, JAVA_OPTIONS, free_ports, server
from labproof.run import spark_installed

WORKERS = 2


class Standalone(Part):
    """Yields ``master``, the URL for ``--master``, and ``web``, the address of its page.

    Also the pids ``master_pid`` and ``worker_pids``, and ``start_master``, the command that starts another master on
    what the one before has written down, with the ``environ`` it takes.
    """

    name = "standalone"
    title = "Spark's standalone cluster"

    @contextmanager
    def start(self, folder):
        """Start a master and two workers of one core and a gigabyte each."""
        home, _ = spark_installed()
        port, web_port = free_ports(2)
        master, web = "spark://%s:%d" % (HERE, port), "http://%s:%d" % (HERE, web_port)
        recovery = ["-Dspark.deploy.recoveryMode=FILESYSTEM", "-Dspark.deploy.recoveryDirectory=%s/recovery" % folder]
        options = JAVA_OPTIONS + recovery + ["-Dspark.master.rest.enabled=false"]
        environ = {"SPARK_LOCAL_IP": HERE, "SPARK_DAEMON_JAVA_OPTS": " ".join(options), "SPARK_NO_DAEMONIZE": "1"}
        spark_class = [os.path.join(home, "bin", "spark-class")]
        host = ["--host", HERE]

        def start(name, command, ready):
            how = {"cwd": folder, "env": dict(os.environ, **environ)}
            return stack.enter_context(
                server(command, os.path.join(folder, name + ".log"), ready, name, timeout=300, **how)
            ).pid

        with ExitStack() as stack:
            command = spark_class + ["org.apache.spark.deploy.master.Master"]
            command += host + ["--port", str(port), "--webui-port", str(web_port)]
            master_pid = start("master", command, lambda: workers(web) is not None)
            worker = (
                spark_class + ["org.apache.spark.deploy.worker.Worker"] + host + ["--port", "0", "--webui-port", "0"]
            )
            worker += ["--cores", "1", "--memory", "1g", "--work-dir", os.path.join(folder, "work"), master]
            # All at once: the last is waited for until the others are there, too.
            pids = [
                start("worker-%d" % number, worker, lambda number=number: number < WORKERS or workers(web) == WORKERS)
                for number in range(1, WORKERS + 1)
            ]
            yield {
                "master": master,
                "web": web,
                "master_pid": master_pid,
                "worker_pids": pids,
                "start_master": command,
                "environ": environ,
            }


def workers(web):
    """How many workers the master has that are alive; None if it does not answer."""
    state = state_of(web)
    return None if state is None else sum(worker["state"] == "ALIVE" for worker in state["workers"])


def state_of(web):
    """What the master tells of itself on its page; None if it does not answer."""
    try:
        with urlopen(web + "/json/", timeout=5) as answer:
            return json.loads(answer.read().decode("utf-8"))
    except (OSError, ValueError):
        return None
