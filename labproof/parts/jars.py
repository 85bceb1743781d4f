"""Java archives in a cache folder of the user's, brought once for all Sparks by the Ivy that pyspark carries.

The folder is ``LABPROOF_CACHE``, else the user's own for caches. A set of archives is there whole or not at all; two
that fetch at once wait for each other; what an interrupted fetch had already downloaded is not downloaded again.
"""

import glob
import hashlib
import os
import shutil
import subprocess
import tempfile
from xml.sax.saxutils import quoteattr

import platformdirs
from filelock import FileLock

from labproof import java
from labproof.parts.versions import JARS
from labproof.run import spark_installed

# What Spark carries, for archives that are going to be on its class path.
ON_SPARK = [
    'org="org.apache.hadoop"',
    'org="org.scala-lang"',
    'org="org.scala-lang.modules"',
    'org="org.slf4j"',
    'org="at.yawk.lz4"',
    'org="org.lz4"',
    'org="net.jpountz.lz4"',
    'org="org.xerial.snappy"',
    'org="com.github.luben"',
    'org="com.google.code.findbugs"',
    'org="org.checkerframework"',
    'org="org.spark-project.spark"',
    'module="spark-tags_2.11"',
    'module="spark-tags_2.12"',
    'module="spark-tags_2.13"',
]

# Two that resolve at once into one cache break each other without the lock.
SETTINGS = """<ivysettings>
  <settings defaultResolver="central"/>
  <caches lockStrategy="artifact-lock-nio"/>
  <resolvers><ibiblio name="central" m2compatible="true"/></resolvers>
</ivysettings>
"""

# A private certificate authority is in the system's trust store, not in that of a JDK from PyPI.
TRUST_STORE = "/etc/ssl/certs/java/cacerts"


class FetchError(Exception):
    """What could not be brought, and why."""


def cache_folder():
    """Where all that is fetched is kept."""
    return os.environ.get("LABPROOF_CACHE") or platformdirs.user_cache_dir("labproof")


def _folder(name):
    return os.path.join(cache_folder(), "jars", name)


def paths(name):
    """The paths of the archives of a set, in the order of their names; empty if it was not fetched."""
    return sorted(glob.glob(os.path.join(glob.escape(_folder(name)), "*.jar")))


def are_there(name):
    """Whether the set was fetched, in the version of the table."""
    try:
        with open(os.path.join(_folder(name), "sha256"), encoding="ascii") as stream:
            return stream.read() == JARS[name].sha256
    except OSError:
        return False


def digest(folder):
    """The SHA-256 over names and content of the archives in a folder."""
    together = hashlib.sha256()
    for path in sorted(glob.glob(os.path.join(glob.escape(folder), "*.jar"))):
        with open(path, "rb") as archive:
            content = hashlib.sha256(archive.read()).hexdigest()
        together.update(("%s %s\n" % (content, os.path.basename(path))).encode("ascii"))
    return together.hexdigest()


def fetch(name, say):
    """Bring the archives of a set unless they are there, whole and unchanged; ``say`` takes a line of progress.

    Raises :class:`FetchError`.
    """
    wanted = JARS[name].sha256
    os.makedirs(cache_folder(), exist_ok=True)
    with FileLock(os.path.join(cache_folder(), name + ".lock")):
        if are_there(name) and digest(_folder(name)) == wanted:
            say("%s: is there, in %s" % (name, _folder(name)))
            return
        say("%s: fetching %s ..." % (name, ", ".join(JARS[name].whole + JARS[name].alone)))
        # What a fetch that was killed has left.
        for leftover in glob.glob(os.path.join(glob.escape(cache_folder()), "fetching-%s.*" % name)):
            shutil.rmtree(leftover, ignore_errors=True)
        scratch = tempfile.mkdtemp(prefix="fetching-%s." % name, dir=cache_folder())
        try:
            fetched = os.path.join(scratch, name)
            _retrieve(JARS[name], scratch, fetched)
            found = digest(fetched)
            if found != wanted:
                raise FetchError(
                    "%s: what came has the SHA-256 %s, not %s. Remedy: fetch again; if it stays so, don't use it."
                    % (name, found, wanted)
                )
            with open(os.path.join(fetched, "sha256"), "w", encoding="ascii") as stream:
                stream.write(wanted)
            shutil.rmtree(_folder(name), ignore_errors=True)
            os.makedirs(os.path.dirname(_folder(name)), exist_ok=True)
            os.rename(fetched, _folder(name))
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        size = sum(os.path.getsize(path) for path in paths(name))
        say("%s: %d archives, %d MB, in %s" % (name, len(paths(name)), size >> 20, _folder(name)))


def _retrieve(wanted, scratch, target):
    settings, module = os.path.join(scratch, "settings.xml"), os.path.join(scratch, "ivy.xml")
    with open(settings, "w", encoding="utf-8") as stream:
        stream.write(SETTINGS)
    with open(module, "w", encoding="utf-8") as stream:
        stream.write(_module(wanted))
    home, spark = spark_installed()
    found, _ = java.find(spark, os.environ)
    command = [os.path.join(found.home, "bin", "java"), "-XX:TieredStopAtLevel=1"]
    if os.path.exists(TRUST_STORE):
        command += ["-Djavax.net.ssl.trustStore=" + TRUST_STORE, "-Djavax.net.ssl.trustStorePassword=changeit"]
    command += ["-cp", glob.glob(os.path.join(glob.escape(home), "jars", "ivy-*.jar"))[0], "org.apache.ivy.Main"]
    command += ["-warn", "-settings", settings, "-ivy", module, "-confs", "default", "-types", "jar", "bundle"]
    command += ["-cache", os.path.join(cache_folder(), "ivy")]
    command += ["-retrieve", os.path.join(target, "[artifact]-[revision](-[classifier]).[ext]")]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    if done.returncode:
        raise FetchError("%s: could not be fetched:\n%s" % (", ".join(wanted.whole + wanted.alone), done.stdout))


def _module(wanted):
    """What Ivy is asked for."""

    def dependency(coordinate, transitive):
        place = zip(("org", "name", "rev"), coordinate.split(":"))
        words = " ".join("%s=%s" % (key, quoteattr(value)) for key, value in place)
        return '<dependency %s transitive="%s" conf="default->default"/>' % (words, transitive)

    rows = [dependency(coordinate, "true") for coordinate in wanted.whole]
    rows += [dependency(coordinate, "false") for coordinate in wanted.alone]
    rows += ["<exclude %s/>" % left_out for left_out in (ON_SPARK if wanted.on_spark else [])]
    return (
        '<ivy-module version="2.0"><info organisation="labproof" module="parts"/>'
        '<configurations><conf name="default"/></configurations><dependencies>%s</dependencies></ivy-module>'
        % "".join(rows)
    )
