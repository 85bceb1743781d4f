"""Which Java archives the parts are made of: one table, every version pinned."""

from collections import namedtuple

from labproof.releases import numbers

#: A set of Java archives. ``whole`` are Maven coordinates that bring all they need, ``alone`` come by themselves.
#: ``on_spark`` leaves out what Spark carries already. ``sha256`` is over all files of the set, see ``jars.digest``.
JarSet = namedtuple("JarSet", "whole alone on_spark sha256")

# Spark's source and sink for Kafka: the newest of each minor release that can be had whole, with its Scala.
KAFKA_CONNECTORS = (
    ("2.3.0", "2.11", "9794d1403c152c79350b40018d3d8c70a26ca41872cc5680b6e26e55711fc1f8"),
    ("2.4.8", "2.11", "9b884273d88150a577b8695437f537a89f77c92e3974fe7bed68c341fdf352a3"),
    ("3.0.2", "2.12", "fcb3624564de57c79800ad9bbced8ec376d40149f7002ee0349313e2e4d32bdc"),
    ("3.1.3", "2.12", "56cc453b26f8221f2a6a31fdee461dcdc3dd6830ad8a1c3c2a8b202f199f9913"),
    ("3.2.2", "2.12", "61da6be2117c6959c7791d915113cdd1fd887ab8fe038d7cc3fc34b86705db38"),
    ("3.3.4", "2.12", "076fc6be33fc54923ed1b7c063b3b0f825232ad854e899ba41d3a3e4be561de2"),
    ("3.4.4", "2.12", "6299e9a994810550b6aa616d2d27cae72616437e3082a6ac2f9230704cc095d6"),
    ("3.5.7", "2.12", "cbafa3db82c4a65b314f837b919716686b73c8d1fc5afb4499479b011618de1a"),
    ("4.0.0", "2.13", "0cdbc9ac374e1f2d1969308a078393ccd2d67cc2cade0eecef84099ec9c76523"),
    ("4.1.3", "2.13", "1b69b791629b70e1862ff021f93faff4ed48ee854474bdbdfa58b8471cc0243c"),
    ("4.2.0", "2.13", "0933b664d1e0251280fd6c85ed87afb5a4512a6954151f7deae635bec750bb31"),
)

JARS = {
    # The daemons. Without the first one the ResourceManager dies.
    "hadoop": JarSet(
        whole=["org.bouncycastle:bcpkix-jdk18on:1.78.1"],
        alone=["org.apache.hadoop:hadoop-client-minicluster:3.5.0"],
        on_spark=False,
        sha256="2173b75f303e4d42e9d1fa9034b2fb7257ef5a1374958c23c75d32fe2796693d",
    ),
    # What the daemons and the command `hdfs` have in common; py4j is for what drives the daemons.
    "hadoop-client": JarSet(
        whole=[
            "org.apache.hadoop:hadoop-client-runtime:3.5.0",
            "org.slf4j:slf4j-reload4j:1.7.36",
            "net.sf.py4j:py4j:0.10.9.9",
        ],
        alone=[],
        on_spark=False,
        sha256="03694aa16b50fd747cb6caa806056242f0b7fefbb0154b90e73bbbb9bced95cd",
    ),
    # The first is a whole server, the second is what Spark needs to reach one.
    "hbase": JarSet(
        whole=["org.apache.hbase:hbase-shaded-testing-util:2.6.3-hadoop3", "org.slf4j:slf4j-simple:1.7.36"],
        alone=[],
        on_spark=False,
        sha256="9cc5cea35031c06a39cf2efc771ee85ef5848d2c14813929e19ef080d2407da8",
    ),
    "hbase-client": JarSet(
        whole=["org.apache.hbase:hbase-shaded-mapreduce:2.6.4-hadoop3"],
        alone=[],
        on_spark=True,
        sha256="1b062117d961337a7b576d5985db244ef2f43b57b2dd366a9301908bb35a9379",
    ),
    "kafka": JarSet(
        whole=["org.apache.kafka:kafka_2.13:3.9.2", "org.slf4j:slf4j-simple:1.7.36"],
        alone=[],
        on_spark=False,
        sha256="bb01853d9872c8fcc1e12dc4850462c10633cd5fb3c91eb45ab91670b2978707",
    ),
    "postgresql": JarSet(
        whole=[],
        alone=["org.postgresql:postgresql:42.7.4"],
        on_spark=False,
        sha256="86f287df5e7d1779983e278852a9760d5d90db5e313879f67ea873125a53a5a7",
    ),
}

for _version, _scala, _sha256 in KAFKA_CONNECTORS:
    JARS["spark-kafka-" + _version] = JarSet(
        whole=["org.apache.spark:spark-sql-kafka-0-10_%s:%s" % (_scala, _version)],
        alone=[],
        on_spark=True,
        sha256=_sha256,
    )
# What 4.1.3 brings along can be had of 4.1.1 only. The connector itself may not be older: that of 4.1.1 and 4.1.2 fails
# with a NullPointerException (SPARK-57438) when a query that was killed in the middle of a batch is started again.
JARS["spark-kafka-4.1.3"] = JARS["spark-kafka-4.1.3"]._replace(
    whole=[
        "org.apache.spark:spark-token-provider-kafka-0-10_2.13:4.1.1",
        "org.apache.commons:commons-pool2:2.12.1",
    ],
    alone=["org.apache.spark:spark-sql-kafka-0-10_2.13:4.1.3"],
)

# The server of Spark Connect, until Spark brought it itself, which it does since 4.0: of each minor release the newest
# that can be had.
CONNECT_SERVERS = {
    (3, 4): ("3.4.0", "e7f3fb3aa2c111272a62240fa2bd10dbb971e50b7c803be004b1b36ef399fd12"),
    (3, 5): ("3.5.7", "c0dd3d9ce884a5add55baebf15621b4d206c5b13eee4cd1165d7402ccbec699c"),
}
for _version, _sha256 in CONNECT_SERVERS.values():
    JARS["spark-connect-" + _version] = JarSet(
        whole=["org.apache.spark:spark-connect_2.12:" + _version],
        alone=[],
        on_spark=True,
        sha256=_sha256,
    )


def kafka_connector(spark):
    """The version of the Kafka connector for this Spark: of the same minor release, else of the nearest older one."""
    versions = [version for version, _, _ in KAFKA_CONNECTORS]
    fitting = [version for version in versions if numbers(version)[:2] <= numbers(spark)[:2]]
    return (fitting or versions[:1])[-1]
