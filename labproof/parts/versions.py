"""Which Java archives the parts are made of: one table, every version pinned."""

from collections import namedtuple

#: A set of Java archives. ``whole`` are Maven coordinates that bring all they need, ``alone`` come by themselves.
#: ``on_spark`` leaves out what Spark carries already. ``sha256`` is over all files of the set, see ``jars.digest``.
JarSet = namedtuple("JarSet", "whole alone on_spark sha256")

JARS = {
    # Without the second one the ResourceManager dies. What else it needs Spark carries.
    "hadoop": JarSet(
        whole=["org.bouncycastle:bcpkix-jdk18on:1.78.1"],
        alone=["org.apache.hadoop:hadoop-client-minicluster:3.5.0"],
        on_spark=False,
        sha256="2173b75f303e4d42e9d1fa9034b2fb7257ef5a1374958c23c75d32fe2796693d",
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
