"""Options that make a JVM start fast, and the class archive, from which it reads what it loads in a third of the time.

The archive belongs to one Java and one Spark, takes 300 MB, and is made once, by a run of the whole suite; a Spark that
is installed anew, be it in the same place, gets a new one. Run as a program, this module is the work by which a JVM
learns the classes that labs need.
"""

import glob
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

# First-tier compilation and the serial collector start a session in half the CPU time; nothing here runs long enough
# for the others to pay. That Spark's jars hold sound bytecode is not checked class by class, a tenth to a sixth of a
# start. The heap begins small, else a JVM takes a part of the machine's memory beforehand; yet not so small that Java 8
# collects garbage for a quarter of a short program's time.
# Performance data would be a file outside the run's folder.
FAST_START = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xms96m", "-XX:NewSize=48m"]
FAST_START += ["-XX:+UnlockDiagnosticVMOptions", "-XX:-BytecodeVerificationRemote"]


def path_for(java, spark_home, build):
    """The file that is the class archive of this Java and this Spark, or None where there is none to be had."""
    if java.major < 17:
        return None
    if java.major > 17 and spark_home.encode("ascii", "ignore") != os.fsencode(spark_home):
        # Java takes the same jar, once from the archive and once from its path, for two: those that are sealed, as
        # Derby's, then refuse to load. Tried on 17, where it doesn't, and on 25.
        return None
    with open(os.path.join(java.home, "release"), "rb") as release:
        key = hashlib.sha256(release.read() + os.fsencode(java.home) + os.fsencode(spark_home)).hexdigest()[:16]
    return os.path.join(build, "jvm", key, _stamp(spark_home) + ".jsa")


def _stamp(spark_home):
    """What Java compares of the jars before it uses an archive, as one short text."""
    found = []
    for jar in sorted(glob.glob(os.path.join(glob.escape(spark_home), "jars", "*.jar"))):
        status = os.stat(jar)
        found.append((os.path.basename(jar), status.st_size, status.st_mtime_ns))
    return hashlib.sha256(repr(found).encode("utf-8")).hexdigest()[:16]


def _base(path):
    """The archive of Java's own classes, which the one of Spark's builds on."""
    return os.path.join(os.path.dirname(path), "base.jsa")


def _quiet(java):
    # An archive that doesn't fit is passed over; Java says so on standard output, where a lab's own words belong.
    return ["-Xlog:cds=off", "-Xlog:cds+dynamic=off"] + (["-Xlog:aot=off"] if java.major >= 25 else [])


def options(java, path):
    """The JVM options that use the archive; none where it isn't there."""
    if path is None or not os.path.exists(path):
        return []
    # At the address it was made for: elsewhere it would be rewritten in memory, a copy of 100 MB for each JVM.
    return ["-XX:SharedArchiveFile=%s:%s" % (_base(path), path), "-XX:ArchiveRelocationMode=0"] + _quiet(java)


def quoted(jvm_options):
    """Options as one text, as Spark's scripts take them: in double quotes, as a folder may have a blank in its name."""
    return " ".join('"%s"' % option.replace("\\", "\\\\").replace('"', '\\"') for option in jvm_options)


def make(java, environ, path):
    """Make the class archive: let a JVM do the work of this module and keep the classes that it loaded.

    It takes the place of that of an earlier installation. Two runs that make it at once make it once. Raises
    ``subprocess.CalledProcessError`` with the output when Java or Spark fails; a half-made archive is never used.
    """
    from filelock import FileLock

    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    with FileLock(os.path.join(folder, "lock")):
        if os.path.exists(path):
            return
        for earlier in glob.glob(os.path.join(glob.escape(folder), "*.jsa")):
            os.remove(earlier)
        for left in glob.glob(os.path.join(glob.escape(folder), "making-*")):
            # By a run that was killed.
            shutil.rmtree(left, ignore_errors=True)
        scratch = tempfile.mkdtemp(prefix="making-", dir=folder)
        try:
            # Made with the same collector: the base that comes with a JDK is for another, or isn't there at all.
            base, learned = _base(path), os.path.join(scratch, "spark.jsa")
            dump = ["-Xshare:dump", "-XX:+UseSerialGC", "-XX:SharedArchiveFile=" + base]
            _run([os.path.join(java.home, "bin", "java")] + dump, environ, scratch)
            learning = ["-XX:SharedArchiveFile=" + base, "-XX:ArchiveClassesAtExit=" + learned] + _quiet(java)
            environ = dict(environ, SPARK_SUBMIT_OPTS=environ["SPARK_SUBMIT_OPTS"] + " " + quoted(learning))
            _run([sys.executable, os.path.abspath(__file__)], environ, scratch)
            os.replace(learned, path)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _run(command, environ, folder):
    subprocess.run(
        command,
        env=environ,
        cwd=folder,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def learn():
    """Touch what the labs of a Spark course touch: SQL, RDDs, files, a Hive table, a model, a stream."""
    from pyspark import SparkContext
    from pyspark.ml.classification import LogisticRegression
    from pyspark.ml.linalg import Vectors
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.master("local[2]").enableHiveSupport().getOrCreate()
    people = spark.createDataFrame([("Ann", 1.0), ("Bob", 0.0)], ["name", "label"])
    for file_format in ("parquet", "json", "csv", "orc", "text"):
        people.select("name").write.format(file_format).save("people." + file_format)
        spark.read.format(file_format).load("people." + file_format).count()
    people.createOrReplaceTempView("people")
    spark.sql("SELECT name, count(*) FROM people WHERE label >= 0 GROUP BY name ORDER BY name").show()
    spark.sql("CREATE TABLE IF NOT EXISTS hive_table (key INT, value STRING) USING hive")
    spark.sql("INSERT INTO hive_table VALUES (1, 'a')")
    spark.sql("SELECT * FROM hive_table").show()
    spark.sparkContext.parallelize(range(4), 2).map(lambda n: (n % 2, n)).reduceByKey(lambda a, b: a + b).collect()
    examples = people.rdd.map(lambda row: (row.label, Vectors.dense(row.label))).toDF(["label", "features"])
    LogisticRegression(maxIter=1).fit(examples).transform(examples).collect()
    stream = spark.readStream.schema("name STRING").csv("people.csv").groupBy("name").count()
    query = stream.writeStream.outputMode("complete").format("console").start()
    query.processAllAvailable()
    query.stop()
    gateway = SparkContext._gateway
    spark.stop()
    # The archive is written by a JVM that ends by itself: told to, and waited for.
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()


if __name__ == "__main__":
    learn()
