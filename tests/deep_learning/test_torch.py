"""Slides 42 to 44 on the Spark of today: LeNet with PyTorch, whose processes Spark starts."""

import os
import random
import re
from collections import namedtuple
from importlib.util import find_spec

import in_numpy
import numpy as np
import pytest

from labproof.record import NOT_HERE
from labs.lab8 import mnist

pytestmark = [
    pytest.mark.slow_start,
    pytest.mark.claim("lab8.lenet5-torch"),
    # TorchDistributor leaves it to Python to close the output of the processes that it started.
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),
    # An older PyTorch does not go with NumPy 2, which the lab has no need of.
    pytest.mark.filterwarnings("ignore:Failed to initialize NumPy:UserWarning"),
]

EPOCHS = 5


@pytest.fixture(scope="module")
def lab(pytestconfig):
    """The lab's module that needs PyTorch, and PyTorch itself."""
    if pytestconfig.option.loopback_only:
        pytest.skip(NOT_HERE + "PyTorch's processes meet at a port of all networks: tox -e torch checks it")
    if find_spec("torch") is None:
        pytest.skip("needs PyTorch: pip install -e '.[torch]'")
    pytest.importorskip("pyspark.ml.torch.distributor", reason="needs Spark 3.4: it has the first TorchDistributor")
    import torch

    from labs.lab8 import lenet5_torch

    return namedtuple("Lab", "lenet5 torch")(lenet5_torch, torch)


@pytest.fixture(scope="module")
def written(lab, spark, data, tmp_path_factory):
    """The folder into which Spark has written the digits."""
    folder = tmp_path_factory.mktemp("digits")
    lab.lenet5.preprocess(spark, str(data / "lab8"), str(folder))
    return folder


@pytest.fixture
def trained(lab, spark, pytestconfig, monkeypatch):
    """Trains in two processes; the accuracy after each epoch: ``trained(folder, seed)``."""
    path = [str(pytestconfig.rootdir)] + os.environ.get("PYTHONPATH", "").split(os.pathsep)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, path)))

    def train(folder, seed, epochs=EPOCHS):
        distributor = lab.lenet5.TorchDistributor(2, local_mode=True, use_gpu=False)
        return distributor.run(lab.lenet5.train, str(folder), 32, epochs, seed)

    return train


def tensor(torch, array):
    return torch.frombuffer(bytearray(array.astype("float32").tobytes()), dtype=torch.float32).reshape(array.shape)


# In PyTorch's terms, with the outputs of slide 43.
LAYERS = [
    ("Unflatten", (1, 28, 28)),
    ("Conv2d", (6, 24, 24)),
    ("Tanh", (6, 24, 24)),
    ("MaxPool2d", (6, 12, 12)),
    ("Tanh", (6, 12, 12)),
    ("Conv2d", (12, 8, 8)),
    ("MaxPool2d", (12, 4, 4)),
    ("Flatten", (192,)),
    ("Linear", (100,)),
    ("Tanh", (100,)),
    ("Linear", (10,)),
    ("LogSoftmax", (10,)),
]


def test_each_layer_answers_what_numpy_does_with_the_same_weights(lab):
    model, weights = lab.lenet5.build_model(10), in_numpy.some_weights()
    assert sum(parameter.numel() for parameter in model.parameters()) == 22278
    with lab.torch.no_grad():
        for parameter, value in zip(model.parameters(), weights):
            parameter.copy_(tensor(lab.torch, value))
        images, found = in_numpy.some_images(), []
        values = tensor(lab.torch, images)
        for layer, expected in zip(model, in_numpy.outputs(images, weights)):
            values = layer(values)
            found.append((type(layer).__name__, tuple(values.shape[1:])))
            # BigDL's answers are held against the same: both are one network.
            np.testing.assert_allclose(values.tolist(), expected, rtol=0, atol=1e-5)
    assert found == LAYERS


def test_digits_are_normalized_by_mean_and_deviation_of_those_to_train_with(lab, written, data):
    images, _ = mnist.read_data_sets(str(data / "lab8"), "train")
    for data_type in "train", "test":
        raw, expected_labels = mnist.read_data_sets(str(data / "lab8"), data_type)
        expected = (raw - images.mean()) / images.std()
        found, found_labels = lab.lenet5.load(str(written), data_type)
        # Spark writes a file for each partition: in which order they are read is open.
        pairs, expected_pairs = [
            sorted((label, image.round(3).tobytes()) for image, label in zip(*part))
            for part in (
                (np.array(found.tolist(), "float32"), found_labels.tolist()),
                (expected.astype("float32"), expected_labels.tolist()),
            )
        ]
        assert len(pairs) == len(expected_pairs)
        # Rows, and no images: pytest would compare what differs letter by letter, for minutes.
        assert [row for row, pair in enumerate(expected_pairs) if pair != pairs[row]] == []


def test_it_reads_digits_that_it_has_not_seen(lab, written, trained, record_property):
    accuracies = [trained(written, seed) for seed in range(2)]
    record_property("accuracies", accuracies)
    assert [len(epochs) for epochs in accuracies] == [EPOCHS, EPOCHS]
    assert min(epochs[-1] for epochs in accuracies) > 0.92
    # So many of the 300 that were held out, not of the 1497 to train with.
    right = [300 * share for epochs in accuracies for share in epochs]
    assert right == pytest.approx([round(number) for number in right], abs=1e-3)


def test_what_one_process_learns_the_other_knows_too(lab, written, trained, tmp_path, record_property):
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow: pip install pyarrow")
    table = parquet.read_table(str(written / "train"))
    labels = table["label"].to_pylist()
    small, large = [[row for row, label in enumerate(labels) if (label > 4) is above] for above in (False, True)]
    # A row is for each process in turn: one sees the digits up to 4, the other those from 5 on.
    in_turn = [row for pair in zip(small, large) for row in pair]
    (tmp_path / "train").mkdir()
    parquet.write_table(table.take(in_turn), str(tmp_path / "train" / "in_turn.parquet"))
    (tmp_path / "test").symlink_to(written / "test")
    accuracy = trained(tmp_path, seed=0)[-1]
    record_property("accuracy_of_both_halves", accuracy)
    # About half of the digits are of those that one has seen.
    assert accuracy > 0.8


def test_the_options_come_to_the_processes(lab, spark, data, monkeypatch):
    started = []

    class Distributor(object):
        def __init__(self, *processes, **how):
            started.extend([processes, how])

        def run(self, train, folder, *options):
            assert os.listdir(folder)
            started.append(options)

    monkeypatch.setattr(lab.lenet5, "TorchDistributor", Distributor)
    folder = str(data / "lab8")
    lab.lenet5.main(["--batchSize", "7", "--maxEpoch", "3", "--processes", "4", "--dataPath", folder])
    assert started == [(4,), {"local_mode": True, "use_gpu": False}, (7, 3)]


def test_a_folder_without_digits_ends_the_lab_with_one_line(lab, attendee):
    done = attendee.run("python lenet5_torch.py --dataPath nowhere", lab="lab8", status=1)
    assert re.search("^lenet5_torch.py: nowhere: there is no train-images-idx3-ubyte", done.stderr, re.MULTILINE)
    assert "Traceback" not in done.stderr


def test_from_shuffled_labels_it_does_not_learn_to_read(lab, written, trained, tmp_path, record_property):
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow: pip install pyarrow")
    table = parquet.read_table(str(written / "train"))
    labels = table["label"].to_pylist()
    random.Random(8).shuffle(labels)
    (tmp_path / "train").mkdir()
    shuffled = table.set_column(1, "label", [labels])
    parquet.write_table(shuffled, str(tmp_path / "train" / "shuffled.parquet"))
    (tmp_path / "test").symlink_to(written / "test")
    accuracy = trained(tmp_path, seed=0, epochs=3)[-1]
    record_property("accuracy_of_shuffled_labels", accuracy)
    assert 0.02 < accuracy < 0.25


@pytest.mark.parametrize(
    ("master", "ends"),
    [
        ("local[2]", "Finished local training with 2 processes"),
        ("local-cluster[2,1,1024]", "Finished distributed training with 2 executor processes"),
    ],
)
def test_make_trains_on_this_machine_and_in_two_executors(lab, attendee, master, ends, record_property):
    options = "OPTIONS='--maxEpoch 2 --master %s'" % master
    done = attendee.run("make lenet5_torch %s" % options, lab="lab8", timeout=600)
    record_property("printed", done.stdout)
    epochs = re.findall(r"epoch (\d) of 2: (\d+\.\d) % right, \d+ s to go$", done.stdout, re.MULTILINE)
    assert [epoch for epoch, _ in epochs] == ["1", "2"]
    assert float(epochs[1][1]) > 70
    assert ends in done.stdout + done.stderr
