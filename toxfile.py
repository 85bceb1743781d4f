"""The environments of tox for each Spark of the table in labproof/releases.py: a new release is one line there."""

import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tox.config.loader.memory import MemoryLoader
from tox.plugin import impl

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))

from labproof.releases import RELEASES, release_for, test_pythons, test_requirements  # noqa: E402

ENVIRONMENTS = {"spark-" + release.spark: release for release in RELEASES}
ENVIRONMENTS["newest"] = RELEASES[-1]
ENVIRONMENTS["oldest"] = RELEASES[0]

# Lab 8 wants more than Spark: the file of what it is that pip has to bring.
DEEP_LEARNING = {"bigdl": "bigdl.txt", "bigdl-deck": "bigdl-deck.txt", "torch": None}
ENVIRONMENTS["bigdl"] = release_for("3.5")
ENVIRONMENTS["bigdl-deck"] = release_for("2.4")._replace(spark="2.4.6")
ENVIRONMENTS["torch"] = RELEASES[-1]

# What the tests of the tool itself want: another order each time, and a wheel to try in another course.
OF_THE_TOOL = ["pip", "pytest-randomly", "setuptools>=77"]


@impl
def tox_extend_envs():
    """Name the environments."""
    return tuple(ENVIRONMENTS)


@impl
def tox_add_core_config(core_conf, state):
    """Say what is in them; what they have in common is the section `spark` of tox.ini."""
    for name, release in ENVIRONMENTS.items():
        python, executable = _python_for(release)
        requirements = test_requirements(release, python) + (OF_THE_TOOL if name == "newest" else [])
        if DEEP_LEARNING.get(name):
            requirements.append("-r" + str(ROOT / "labs" / "lab8" / DEEP_LEARNING[name]))
        what = "the section on deep learning" if name in DEEP_LEARNING else "the whole specification"
        own = {
            "base": ["spark"],
            "description": "%s on Spark %s" % (what, release.spark),
            "base_python": [executable or "python%d.%d" % python],
            "deps": "\n".join(requirements),
        }
        if name.startswith("spark-"):
            own["labels"] = {"matrix"}
        state.conf.memory_seed_loaders[name].append(MemoryLoader(**own))


@impl
def tox_add_env_config(env_conf, state):
    """Say of a Python that is not there how to get it; tox then goes on with the other environments."""
    release = ENVIRONMENTS.get(env_conf.name)
    if release is not None and not _python_for(release)[1]:
        names = " or ".join("%d.%d" % python for python in test_pythons(release))
        logging.warning(
            "%s needs Python %s, and none is on PATH or among pyenv's. Remedy: pyenv install %s",
            *(env_conf.name, names, names.split()[0]),
        )


@impl
def tox_on_install(tox_env, arguments, section, of_type):
    """Forget what the last run said: a release that cannot be installed any more has no verdicts."""
    record = ROOT / "build" / tox_env.conf.name / "claims.json"
    if tox_env.conf.name in ENVIRONMENTS and record.exists():
        record.unlink()


def _python_for(release):
    """The best Python of this machine for this Spark, and where it is, None if it isn't."""
    pythons = test_pythons(release)
    for python in pythons:
        for executable in _candidates("%d.%d" % python):
            found = _behind(executable)
            if found:
                return python, found
    return pythons[0], None


def _candidates(version):
    on_path = shutil.which("python" + version)
    if on_path:
        yield on_path
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for folder in sorted(pyenv.glob("versions/%s.*" % version), reverse=True):
        yield str(folder / "bin" / "python")


def _behind(executable):
    """The Python that this command starts, or None: pyenv's commands are there also for releases that aren't."""
    try:
        asked = subprocess.run(
            [executable, "-c", "import sys; print(sys.executable)"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            check=False,
        )
    except OSError:
        return None
    return asked.stdout.strip() if asked.returncode == 0 else None
