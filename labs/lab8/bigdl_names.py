"""Lab 8: the names that the slides use of BigDL. The course's BigDL, 0.x, has them elsewhere than BigDL 2.

python bigdl_names.py FILE writes what Spark has to be told, for spark-submit --properties-file FILE.
"""

import os
import sys
from importlib.util import find_spec

from pyspark import SparkConf, SparkContext

if find_spec("bigdl") is None:
    raise ImportError("BigDL is not here: see labs/lab8/bigdl.txt, or bigdl-deck.txt for the BigDL of the course")

if find_spec("bigdl.dllib") is None:
    from bigdl.dataset.transformer import normalizer
    from bigdl.nn.criterion import ClassNLLCriterion
    from bigdl.nn.layer import (
        Linear,
        LogSoftMax,
        Reshape,
        Sequential,
        SpatialConvolution,
        SpatialMaxPooling,
        Tanh,
    )
    from bigdl.optim.optimizer import SGD, MaxEpoch, Optimizer, Top1Accuracy
    from bigdl.util.common import JavaCreator, Sample, create_spark_conf, init_engine
    from bigdl.util.engine import get_bigdl_classpath
else:
    from bigdl.dllib.feature.dataset.transformer import normalizer
    from bigdl.dllib.nn.criterion import ClassNLLCriterion
    from bigdl.dllib.nn.layer import (
        Linear,
        LogSoftMax,
        Reshape,
        Sequential,
        SpatialConvolution,
        SpatialMaxPooling,
        Tanh,
    )
    from bigdl.dllib.optim.optimizer import SGD, MaxEpoch, Optimizer, Top1Accuracy
    from bigdl.dllib.utils.common import JavaCreator, Sample, create_spark_conf, init_engine
    from bigdl.dllib.utils.engine import get_bigdl_classpath

# Else BigDL logs each step on standard output, and into a file that it leaves in the machine's temporary folder.
LOG = "file://" + os.path.join(os.path.dirname(os.path.abspath(__file__)), "quiet.properties")


def spark_settings():
    """What Spark has to be told so that BigDL runs, as a dict."""
    settings = dict(create_spark_conf().getAll())
    # In the same place on each node of a cluster.
    settings["spark.driver.extraClassPath"] = settings["spark.executor.extraClassPath"] = get_bigdl_classpath()
    log = "-Dlog4j.configuration=%s -Dlog4j2.configurationFile=%s" % (LOG, LOG)
    settings["spark.driver.extraJavaOptions"] = settings["spark.executor.extraJavaOptions"] = log
    return settings


def start(master=None):
    """The SparkContext, a new one with BigDL in it if there is none. ``master`` is Spark's: ``local[2]``.

    Raises ValueError if Spark runs already, without BigDL.
    """
    conf = SparkConf().setAppName("Lab 8").setAll(spark_settings().items())
    if master:
        conf.setMaster(master)
    sc = SparkContext.getOrCreate(conf)
    # Else BigDL goes on to ask the JVM of an earlier SparkContext.
    JavaCreator._instance = None
    try:
        init_engine()
    except Exception as error:
        if "JavaPackage" not in str(error) and "does not exist in the JVM" not in str(error):
            raise
        raise ValueError("this Spark runs without BigDL: start it with make, or with python") from error
    return sc


def mkl_is_loaded(sc):
    """Whether BigDL computes with Intel's MKL, the library for the CPU that comes with it, or else with plain Java."""
    return sc._jvm.com.intel.analytics.bigdl.mkl.MKL.isMKLLoaded()


if __name__ == "__main__":
    with open(sys.argv[1], "w", encoding="utf-8") as stream:
        stream.writelines("%s %s\n" % setting for setting in sorted(spark_settings().items()))
