"""Slide 6: a table of HBase, written by HBase's client and read as an RDD by its input format for Hadoop.

spark-submit --driver-class-path "JARS/*" hbase.py HOST:PORT

JARS is a folder with hbase-shaded-mapreduce and what it needs. At HOST:PORT ZooKeeper listens, who knows where the
rest of HBase is.
"""

import re
import sys

from py4j.protocol import Py4JJavaError
from pyspark import SparkConf, SparkContext

FRUIT = [
    ("apple", {"look:colour": "green", "look:size": "7"}),
    ("cherry", {"look:colour": "red"}),
    ("poire née", {"look:colour": "jaune", "taste:": "süß"}),
]

# Java's own serializer cannot carry the keys.
SETTINGS = {"spark.serializer": "org.apache.spark.serializer.KryoSerializer"}

HADOOP = "org.apache.hadoop.hbase."


def where(place):
    """Where HBase is, in the words of its clients."""
    host, _, port = place.rpartition(":")
    return {"hbase.zookeeper.quorum": host, "hbase.zookeeper.property.clientPort": port}


def client(sc, place):
    """A connection of HBase's Java client, in the driver's JVM; close() ends it."""
    conf = sc._jvm.org.apache.hadoop.hbase.HBaseConfiguration.create()
    for name, value in where(place).items():
        conf.set(name, value)
    return sc._jvm.org.apache.hadoop.hbase.client.ConnectionFactory.createConnection(conf)


def make_table(sc, connection, name, families):
    """Make a table with these families of columns."""
    of_client = sc._jvm.org.apache.hadoop.hbase.client
    table = of_client.TableDescriptorBuilder.newBuilder(sc._jvm.org.apache.hadoop.hbase.TableName.valueOf(name))
    for family in families:
        table.setColumnFamily(of_client.ColumnFamilyDescriptorBuilder.of(family))
    admin = connection.getAdmin()
    admin.createTable(table.build())
    admin.close()


def put(sc, connection, name, rows):
    """Write ``rows``, pairs of a key and a dict from "family:column" to a value, one by one from the driver."""
    table = connection.getTable(sc._jvm.org.apache.hadoop.hbase.TableName.valueOf(name))
    for key, cells in rows:
        row = sc._jvm.org.apache.hadoop.hbase.client.Put(bytearray(key.encode("utf-8")))
        for column, value in cells.items():
            words = column.split(":") + [value]
            row.addColumn(*[bytearray(word.encode("utf-8")) for word in words])
        table.put(row)
    table.close()


def read(sc, place, name, **scan):
    """An RDD of the rows: of each the key, and a dict from "family:column" to the length of the value in bytes.

    A value itself does not reach Python: HBase's Result has no counterpart here, so Spark sends what it is as text, and
    that text names the cells but not what is in them. ``scan`` is for the scan that HBase makes: ``row_start="b"``
    begins at that key, ``columns="look:size"`` leaves out the others.
    """
    conf = dict(where(place), **{"hbase.mapreduce.inputtable": name})
    conf.update(("hbase.mapreduce.scan." + word.replace("_", "."), value) for word, value in scan.items())
    rows = sc.newAPIHadoopRDD(
        HADOOP + "mapreduce.TableInputFormat",
        HADOOP + "io.ImmutableBytesWritable",
        HADOOP + "client.Result",
        conf=conf,
    )
    return rows.map(lambda row: (bytes.fromhex(row[0]).decode("utf-8"), cells_of(row[1])))


def cells_of(result):
    """``keyvalues={apple/look:colour/1795614127822/Put/vlen=5/seqid=4, ...}`` as ``{"look:colour": 5}``."""
    cells = re.findall(r"/([^/,]*:[^/]*)/\d+/Put/vlen=(\d+)/seqid=", result)
    return {column: int(length) for column, length in cells}


def write_by_output_format(sc, place, name, rows):
    """Try to write the ``rows`` of an RDD by HBase's output format: what it says.

    It takes Put and Delete only. From Python come Hadoop's Writables, and Spark has no converter for these two.
    """
    conf = dict(
        where(place),
        **{
            "hbase.mapred.outputtable": name,
            "mapreduce.job.outputformat.class": HADOOP + "mapreduce.TableOutputFormat",
            "mapreduce.job.output.key.class": HADOOP + "io.ImmutableBytesWritable",
            "mapreduce.job.output.value.class": "org.apache.hadoop.io.Writable",
        },
    )
    try:
        rows.saveAsNewAPIHadoopDataset(conf)
    except Py4JJavaError as error:
        cause = error.java_exception
        while cause.getCause() is not None:
            cause = cause.getCause()
        return cause.toString()


def main(place):
    """Make a table, read it, and print what came; the table stays."""
    sc = SparkContext.getOrCreate(SparkConf().setAll(SETTINGS.items()))
    connection = client(sc, place)
    try:
        make_table(sc, connection, "fruit", ["look", "taste"])
        put(sc, connection, "fruit", FRUIT)
    finally:
        connection.close()
    for key, cells in read(sc, place, "fruit").collect():
        print("%s: %s" % (key, ", ".join("%s (%d bytes)" % cell for cell in sorted(cells.items()))))
    print("From b on: %s" % read(sc, place, "fruit", row_start="b").keys().collect())
    said = write_by_output_format(sc, place, "fruit", sc.parallelize([("fig", "look:colour")]))
    print("Written from Python by the output format: %s" % said)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
