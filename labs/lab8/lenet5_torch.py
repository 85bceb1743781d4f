"""Lab 8 on the Spark of today: the same network and the same digits, with PyTorch in place of BigDL.

make lenet5_torch      python lenet5_torch.py [--dataPath FOLDER] [--batchSize 32] [--maxEpoch 10] [--master local[2]]

Spark normalizes the digits in an RDD, writes them as Parquet, and starts the processes that learn from them together.
"""

import os
import sys
import tempfile
import time
from array import array
from optparse import OptionParser

import torch
from pyspark.ml.torch.distributor import TorchDistributor
from pyspark.sql import Row, SparkSession
from torch import nn

try:
    from labs.lab8 import mnist
except ImportError:  # started as a script: Python looks in the script's own folder
    import mnist


def build_model(class_num):
    """The network of slide 43, for images of 28 by 28: the logarithm of the probability of each of the classes."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 28)),
        nn.Conv2d(1, 6, 5),
        nn.Tanh(),
        nn.MaxPool2d(2, 2),
        nn.Tanh(),
        nn.Conv2d(6, 12, 5),
        nn.MaxPool2d(2, 2),
        nn.Flatten(),
        nn.Linear(12 * 4 * 4, 100),
        nn.Tanh(),
        nn.Linear(100, class_num),
        nn.LogSoftmax(1),
    )


def preprocess(spark, path, folder):
    """Write the digits into ``folder``, as Parquet: normalized by mean and deviation of those to train with."""
    TRAIN_MEAN, TRAIN_STD = mnist.mean_and_std(path)
    for data_type in mnist.FILES:
        data = (
            mnist.get_mnist(spark.sparkContext, data_type, path)
            .map(lambda rec_tuple: ((rec_tuple[0] - TRAIN_MEAN) / TRAIN_STD, rec_tuple[1]))
            .map(lambda t: Row(image=bytearray(t[0].astype("float32").tobytes()), label=int(t[1]) - 1))
        )
        spark.createDataFrame(data).write.parquet(os.path.join(folder, data_type))


def load(folder, data_type):
    """Images (n, 28, 28) and labels (n,), from 0, as tensors: what ``preprocess`` has written."""
    from pyarrow import parquet

    table = parquet.read_table(os.path.join(folder, data_type)).to_pydict()
    # Bytes, and not arrays: PyTorch need not go with the NumPy that is here.
    images = torch.frombuffer(bytearray(b"".join(table["image"])), dtype=torch.float32)
    labels = torch.frombuffer(array("q", table["label"]), dtype=torch.int64)
    return images.reshape(-1, 28, 28), labels


def accuracy(model, images, labels):
    """The share of the images that the model takes for what they are, 0 to 1."""
    with torch.no_grad():
        return (model(images).argmax(1) == labels).float().mean().item()


def train(folder, batch_size, epochs, seed=0):
    """What each of the processes does: learn from its share, and after each step share what was learned.

    The first process prints how good the model is after each epoch, and returns all that it has printed, 0 to 1.
    """
    torch.distributed.init_process_group("gloo")
    process, processes = torch.distributed.get_rank(), torch.distributed.get_world_size()
    images, labels = load(folder, "train")
    # The same number for each, as they wait for each other after each step.
    share = slice(process, len(images) // processes * processes, processes)
    images, labels = images[share], labels[share]
    torch.manual_seed(seed)
    model = nn.parallel.DistributedDataParallel(build_model(10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    begun, accuracies = time.time(), []
    for epoch in range(1, epochs + 1):
        for batch in torch.randperm(len(images)).split(max(1, batch_size // processes)):
            optimizer.zero_grad()
            nn.functional.nll_loss(model(images[batch]), labels[batch]).backward()
            optimizer.step()
        accuracies.append(accuracy(model.module, *load(folder, "test")))
        if process == 0:
            rest = (time.time() - begun) / epoch * (epochs - epoch)
            print("epoch %d of %d: %.1f %% right, %d s to go" % (epoch, epochs, 100 * accuracies[-1], rest), flush=True)
    torch.distributed.destroy_process_group()
    return accuracies


def read_options(arguments):
    """What the attendee asks for."""
    parser = OptionParser()
    parser.add_option("-b", "--batchSize", type=int, default=32, help="images in a step (%default)")
    parser.add_option("-e", "--maxEpoch", type=int, default=10, help="times that each image is seen (%default)")
    parser.add_option("-d", "--dataPath", default=mnist.default_folder(), help="folder of the IDX files (%default)")
    parser.add_option("-m", "--master", help="where Spark runs, as local[2] or spark://HOST:PORT")
    parser.add_option("-p", "--processes", type=int, default=2, help="that learn together (%default)")
    options, _ = parser.parse_args(arguments)
    return options


def main(arguments=()):
    """Train; print the accuracy on digits that were held out, after each epoch."""
    options = read_options(list(arguments))
    builder = SparkSession.builder.appName("Lab 8")
    spark = (builder.master(options.master) if options.master else builder).getOrCreate()
    on_one_machine = spark.sparkContext.master.startswith(("local[", "local,")) or spark.sparkContext.master == "local"
    with tempfile.TemporaryDirectory() as folder:
        preprocess(spark, options.dataPath, folder)
        distributor = TorchDistributor(options.processes, local_mode=on_one_machine, use_gpu=False)
        distributor.run(train, folder, options.batchSize, options.maxEpoch)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ValueError as error:
        sys.exit("lenet5_torch.py: %s" % error)
