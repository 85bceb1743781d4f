"""An Apache Kafka broker: one node without ZooKeeper, which serves the clients of all releases of Spark."""

import base64
import os
import subprocess
import uuid
import warnings
from contextlib import contextmanager

from labproof.parts import Part, jars
from labproof.parts.processes import HERE, JAVA_OPTIONS, ServerDied, free_ports, java_command, listens, server
from labproof.parts.versions import kafka_connector
from labproof.run import spark_installed

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{here}:{controller}
listeners=PLAINTEXT://{here}:{port},CONTROLLER://{here}:{controller}
advertised.listeners=PLAINTEXT://{here}:{port}
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
num.network.threads=2
num.io.threads=2
num.partitions=2
auto.create.topics.enable=false
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.enable=false
# Else a broker that was killed waits twelve seconds before it may come back.
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=200
"""


class Kafka(Part):
    """Yields ``servers``, what clients call the bootstrap servers, and the ``pid`` of the broker.

    ``connector`` is the class path of Spark's source and sink for Kafka, ``connector_version`` the release it is of.
    """

    name = "kafka"
    title = "Apache Kafka"
    packages = ("kafka",)

    def __init__(self):
        self.jars = ("kafka", "spark-kafka-" + _connector_version())

    @contextmanager
    def start(self, folder):
        """Format the folder, unless it is one of a broker that was here before, and start a broker on it."""
        properties, data = os.path.join(folder, "server.properties"), os.path.join(folder, "data")
        if not os.path.exists(properties):
            port, controller = free_ports(2)
            with open(properties, "w", encoding="utf-8") as stream:
                stream.write(PROPERTIES.format(here=HERE, port=port, controller=controller, data=data))
            identity = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode("ascii").rstrip("=")
            # In one word: it may begin with a dash.
            _java("kafka.tools.StorageTool", "format", "--cluster-id=" + identity, "-c", properties)
        with open(properties, encoding="utf-8") as stream:
            settings = dict(line.strip().split("=", 1) for line in stream if "=" in line and line[0] != "#")
        servers = settings["advertised.listeners"].split("//")[1]
        command = _command("kafka.Kafka", properties)
        log = os.path.join(folder, "broker.log")
        with server(command, log, lambda: _knows_itself(servers), self.title, cwd=folder) as process:
            yield {
                "servers": servers,
                "pid": process.pid,
                "connector": os.pathsep.join(jars.paths("spark-kafka-" + _connector_version())),
                "connector_version": _connector_version(),
            }


def _connector_version():
    return kafka_connector(spark_installed()[1])


def _command(*arguments):
    options = JAVA_OPTIONS + ["-Xmx256m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
    return [java_command()] + options + ["-cp", os.pathsep.join(jars.paths("kafka"))] + list(arguments)


def _java(*arguments):
    done = subprocess.run(
        _command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True
    )
    if done.returncode:
        raise ServerDied("Kafka could not format its folder:\n%s" % done.stdout)


def client():
    """The package ``kafka`` with what of it is used here; on some Pythons its import complains of itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import kafka
        import kafka.admin
        import kafka.errors
    return kafka


def _knows_itself(servers):
    """Whether the broker answers, and counts itself among the brokers."""
    if not listens(int(servers.rpartition(":")[2])):
        # The client would wait longer from try to try.
        return False
    kafka = client()
    try:
        admin = kafka.admin.KafkaAdminClient(bootstrap_servers=servers, request_timeout_ms=2000)
    except (kafka.errors.KafkaError, OSError):
        return False
    try:
        return bool(admin.describe_cluster()["brokers"])
    finally:
        admin.close()
