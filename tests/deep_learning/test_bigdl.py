"""Slides 41 to 44: BigDL, and LeNet with it, on this machine's cores."""

import glob
import os
import random
import re
import tempfile
import warnings
from collections import namedtuple
from importlib.util import find_spec

import in_numpy
import numpy as np
import pyspark
import pytest

from labs.lab8 import mnist

pytestmark = [
    pytest.mark.slow_start,
    # BigDL has last been looked after in 2023; Python and NumPy have gone on.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

EPOCHS = 5

# With eight seeds, by RDD and without, on Spark 2.4 and on 3.5 it was 0.953 to 0.987.
LEAST_ACCURACY = 0.93


@pytest.fixture(scope="module")
def bigdl():
    """The lab's modules that need BigDL, in a Spark that has it."""
    if find_spec("bigdl") is None:
        pytest.skip("needs BigDL: tox -e bigdl (Spark 3.5) or tox -e bigdl-deck (Spark 2.4)")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from labs.lab8 import bigdl_names, lenet5, local_lenet

    return namedtuple("Bigdl", "names lenet5 local_lenet")(bigdl_names, lenet5, local_lenet)


@pytest.fixture(scope="module")
def context(bigdl, own_spark):
    """A SparkContext with BigDL, on two cores."""
    with own_spark("local[2]", **bigdl.names.spark_settings()):
        yield bigdl.names.start()


@pytest.fixture(scope="module")
def folder(data):
    return str(data / "lab8")


@pytest.fixture(scope="module")
def samples(context, bigdl, folder):
    """The RDDs to train with and to test with."""
    train, test = bigdl.lenet5.preprocess(context, folder)
    return train.cache(), test.cache()


def trained(bigdl, train_data, seed, epochs=EPOCHS):
    """LeNet after so many epochs."""
    model = bigdl.lenet5.build_model(10)
    draw = np.random.RandomState(seed)
    model.set_weights([draw.uniform(-1, 1, w.shape) / np.sqrt(w[0].size) for w in model.get_weights()])
    optimizer = bigdl.lenet5.create_optimizer(model, train_data, batch_size=32)
    *_, (epoch, model) = bigdl.lenet5.train(optimizer, epochs)
    assert epoch == epochs
    return model


# What pip brings, slides 7 and 41


@pytest.fixture
def distribution(bigdl):
    """What pip has written down about the distribution with BigDL's Python API: file name to text."""
    (package,) = find_spec("bigdl").submodule_search_locations
    (folder,) = [
        folder
        for name in ("BigDL-*", "bigdl_dllib_spark3-*")
        for folder in glob.glob(os.path.join(os.path.dirname(package), name + ".dist-info"))
    ]
    texts = {}
    for name in "METADATA", "WHEEL", "RECORD":
        with open(os.path.join(folder, name), encoding="utf-8") as stream:
            texts[name] = stream.read()
    return texts


@pytest.mark.claim("dl.pip")
def test_it_is_the_release_that_the_lab_names(distribution, measured, data):
    fields = dict(re.findall(r"^(Name|Version): (.+)$", distribution["METADATA"], re.MULTILINE))
    pins = (data.parent / "labs" / "lab8" / measured("requirements")).read_text(encoding="utf-8")
    assert "{Name}=={Version}".format(**fields) in pins.splitlines()


@pytest.mark.claim("dl.pip")
def test_it_asks_pip_for_a_spark_of_its_own(distribution, measured):
    (asked,) = re.findall(r"^Requires-Dist: pyspark ?\(?==([\d.]+)", distribution["METADATA"], re.MULTILINE)
    assert asked == measured("asked-for")
    assert (asked == pyspark.__version__) is measured("is-there")


@pytest.mark.claim("dl.pip")
def test_it_is_for_linux_on_x86_64_and_without_java(distribution):
    assert "manylinux1_x86_64" in distribution["WHEEL"]
    assert not re.search(r"/bin/java,", distribution["RECORD"])


# The CPU, slide 41


@pytest.mark.claim("dl.cpu")
def test_it_computes_with_mkl_and_nothing_for_an_accelerator_is_loaded(context, bigdl, folder, record_property):
    trained(bigdl, bigdl.local_lenet.load_data(folder)[0], seed=0, epochs=1)
    assert bigdl.names.mkl_is_loaded(context)
    jvm = context._jvm.java.lang.management.ManagementFactory.getRuntimeMXBean().getName().split("@")[0]
    with open("/proc/%s/maps" % jvm, encoding="utf-8") as maps:
        libraries = sorted({os.path.basename(found) for found in re.findall(r"\S+\.so\b", maps.read())})
    record_property("libraries", libraries)
    assert [name for name in libraries if "mkl" in name]
    assert not [name for name in libraries if re.search("cuda|cudnn|cublas|nvidia|opencl|rocm|hip", name.lower())]


# The network, slide 43

LAYERS = [
    ("Reshape", (1, 28, 28)),
    ("SpatialConvolution", (6, 24, 24)),
    ("Tanh", (6, 24, 24)),
    ("SpatialMaxPooling", (6, 12, 12)),
    ("Tanh", (6, 12, 12)),
    ("SpatialConvolution", (12, 8, 8)),
    ("SpatialMaxPooling", (12, 4, 4)),
    ("Reshape", (192,)),
    ("Linear", (100,)),
    ("Tanh", (100,)),
    ("Linear", (10,)),
    ("LogSoftMax", (10,)),
]


@pytest.mark.claim("lab8.lenet-layers")
def test_the_layers_are_those_of_the_slide_with_these_outputs(context, bigdl):
    values, found = in_numpy.some_images(), []
    for layer in bigdl.lenet5.build_model(10).layers:
        values = layer.forward(values)
        found.append((layer.value.getClass().getSimpleName(), values.shape[1:]))
    assert found == LAYERS


@pytest.mark.claim("lab8.lenet-layers")
def test_there_are_22278_parameters(context, bigdl):
    weights = bigdl.lenet5.build_model(10).get_weights()
    assert [w.size for w in weights] == [6 * 25, 6, 12 * 6 * 25, 12, 100 * 192, 100, 10 * 100, 10]
    assert sum(w.size for w in weights) == 22278


@pytest.mark.claim("lab8.lenet-layers")
def test_each_layer_answers_what_numpy_does_with_the_same_weights(context, bigdl):
    model, weights = bigdl.lenet5.build_model(10), in_numpy.some_weights()
    model.set_weights([w.reshape(own.shape) for w, own in zip(weights, model.get_weights())])
    values = in_numpy.some_images()
    for layer, expected in zip(model.layers, in_numpy.outputs(values, weights)):
        values = layer.forward(values)
        # BigDL computes with 32 bits.
        np.testing.assert_allclose(values, expected, rtol=0, atol=1e-5)
    assert np.exp(values).sum(axis=1) == pytest.approx(1, abs=1e-6)


# The digits, slide 44


def features(samples):
    return np.array([sample.features[0].to_ndarray() for sample in samples.collect()])


@pytest.mark.claim("lab8.lenet5")
def test_digits_are_normalized_by_mean_and_deviation_of_those_to_train_with(samples, folder):
    train, test = [features(part) for part in samples]
    assert train.shape == (1497, 28, 28)
    assert train.mean() == pytest.approx(0, abs=1e-4)
    assert train.std() == pytest.approx(1, abs=1e-4)
    images, _ = mnist.read_data_sets(folder, "train")
    held_out, _ = mnist.read_data_sets(folder, "test")
    expected = (held_out - images.mean()) / images.std()
    np.testing.assert_allclose(test, expected, rtol=0, atol=1e-5)
    # Those held out are a little lighter, and stay so.
    assert abs(test.mean()) > 1e-3


@pytest.mark.claim("lab8.lenet5")
def test_each_sample_has_the_label_of_its_image_from_1(samples, folder):
    for part, data_type in zip(samples, ("train", "test")):
        labels = [sample.labels[0].to_ndarray().item() for sample in part.collect()]
        _, expected = mnist.read_data_sets(folder, data_type)
        np.testing.assert_array_equal(labels, expected + 1.0)


# What it learns, slides 42 and 44


@pytest.mark.claim("lab8.lenet5")
def test_it_reads_digits_that_it_has_not_seen(bigdl, samples, record_property):
    train, test = samples
    accuracies = [bigdl.lenet5.accuracy(trained(bigdl, train, seed), test, 32) for seed in range(2)]
    record_property("accuracies", accuracies)
    assert min(accuracies) > LEAST_ACCURACY


@pytest.mark.claim("lab8.lenet5")
def test_from_shuffled_labels_it_does_not_learn_to_read(context, bigdl, samples, record_property):
    train, test = samples
    pairs = train.collect()
    labels = [sample.labels for sample in pairs]
    random.Random(8).shuffle(labels)
    shuffled = [bigdl.names.Sample(sample.features, label) for sample, label in zip(pairs, labels)]
    accuracy = bigdl.lenet5.accuracy(trained(bigdl, context.parallelize(shuffled).cache(), seed=1, epochs=3), test, 32)
    record_property("accuracy_of_shuffled_labels", accuracy)
    assert 0.02 < accuracy < 0.25


@pytest.mark.claim("lab8.local-lenet")
def test_without_an_rdd_it_learns_as_well_and_no_spark_job_runs(context, bigdl, folder, record_property):
    train, test = bigdl.local_lenet.load_data(folder)
    before = context.statusTracker().getJobIdsForGroup(None)
    accuracies = [bigdl.local_lenet.accuracy(trained(bigdl, train, seed), test) for seed in range(2)]
    assert context.statusTracker().getJobIdsForGroup(None) == before
    record_property("accuracies", accuracies)
    assert min(accuracies) > LEAST_ACCURACY


@pytest.mark.claim("lab8.local-lenet")
def test_its_arrays_are_those_of_the_rdd(bigdl, samples, folder):
    for (images, labels), part in zip(bigdl.local_lenet.load_data(folder), samples):
        np.testing.assert_allclose(images, features(part), rtol=0, atol=1e-5)
        np.testing.assert_array_equal(labels, [sample.labels[0].to_ndarray().item() for sample in part.collect()])


each_script = pytest.mark.parametrize(
    "script",
    [
        pytest.param("lenet5", marks=pytest.mark.claim("lab8.lenet5")),
        pytest.param("local_lenet", marks=pytest.mark.claim("lab8.local-lenet")),
    ],
)


@each_script
def test_the_options_come_to_the_optimizer(context, bigdl, folder, monkeypatch, script):
    asked = []
    monkeypatch.setattr(bigdl.lenet5, "create_optimizer", lambda model, data, batch_size: asked.append(batch_size))
    monkeypatch.setattr(bigdl.lenet5, "train", lambda optimizer, epochs: asked.append(epochs) or [])
    getattr(bigdl, script).main(["--batchSize", "64", "--maxEpoch", "3", "--dataPath", folder])
    assert asked == [64, 3]


EPOCH = re.compile(r"^epoch (\d) of 2: (\d+\.\d) % right(, \d+ s to go)?$", re.MULTILINE)


@pytest.mark.parametrize(
    ("target", "claim"),
    [
        pytest.param("lenet5", None, marks=pytest.mark.claim("lab8.lenet5")),
        pytest.param("lenet_local", None, marks=pytest.mark.claim("lab8.local-lenet")),
    ],
)
def test_make_trains_and_tells_after_each_epoch_how_good_it_is(bigdl, attendee, target, claim, record_property):
    printed = attendee.run("make %s OPTIONS='--maxEpoch 2 --master local[2]'" % target, lab="lab8").stdout
    record_property("printed", "\n".join(found.group() for found in EPOCH.finditer(printed)))
    epochs = EPOCH.findall(printed)
    assert [epoch for epoch, _, _ in epochs] == ["1", "2"]
    assert float(epochs[1][1]) > 80
    # Thirds of a percent: so many of the 300 that were held out, not of the 1497 to train with.
    assert {percent[-1] for _, percent, _ in epochs} <= set("037")
    # BigDL's own log would be in the machine's temporary folder, under a name that nobody has filled in.
    assert not os.path.exists(os.path.join(tempfile.gettempdir(), "${sys:logFilename}"))
    assert not os.path.exists("/tmp/${sys:logFilename}")


@pytest.mark.claim("lab8.lenet5")
def test_without_bigdl_in_sparks_class_path_the_lab_says_what_to_do(bigdl, attendee):
    done = attendee.run("spark-submit lenet5.py --maxEpoch 1", lab="lab8", status=1)
    assert "lenet5.py: this Spark runs without BigDL: start it with make, or with python" in done.stdout


@each_script
def test_a_damaged_file_ends_the_lab_with_one_line(bigdl, attendee, script):
    path = attendee.folder / "data" / "lab8" / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(b"no digits")
    done = attendee.run("python %s.py --maxEpoch 1" % script, lab="lab8", status=1)
    assert re.search(r"^%s.py: \S*t10k-labels-idx1-ubyte.gz, offset 0: " % script, done.stderr, re.MULTILINE)
