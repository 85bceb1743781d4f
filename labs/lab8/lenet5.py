"""Lab 8, slides 42 to 44: LeNet learns to read handwritten digits, with BigDL on Spark.

make lenet5        python lenet5.py [--dataPath FOLDER] [--batchSize 32] [--maxEpoch 10] [--master local[2]]
"""

import sys
import time
from optparse import OptionParser

try:
    from labs.lab8 import mnist
    from labs.lab8.bigdl_names import *
except ImportError:  # started as a script: Python looks in the script's own folder
    import mnist
    from bigdl_names import *


def build_model(class_num):
    """The network of slide 43, for images of 28 by 28: the logarithm of the probability of each of the classes."""
    model = Sequential()
    model.add(Reshape([1, 28, 28]))
    model.add(SpatialConvolution(1, 6, 5, 5))
    model.add(Tanh())
    model.add(SpatialMaxPooling(2, 2, 2, 2))
    model.add(Tanh())
    model.add(SpatialConvolution(6, 12, 5, 5))
    model.add(SpatialMaxPooling(2, 2, 2, 2))
    model.add(Reshape([12 * 4 * 4]))
    model.add(Linear(12 * 4 * 4, 100))
    model.add(Tanh())
    model.add(Linear(100, class_num))
    model.add(LogSoftMax())
    return model


def preprocess(sc, path):
    """The digits to train with and those to test with, as samples, normalized by mean and deviation of the former."""
    TRAIN_MEAN, TRAIN_STD = mnist.mean_and_std(path)

    def samples(data_type):
        return (
            mnist.get_mnist(sc, data_type, path)
            .map(lambda rec_tuple: (normalizer(rec_tuple[0], TRAIN_MEAN, TRAIN_STD), rec_tuple[1]))
            .map(lambda t: Sample.from_ndarray(t[0], t[1]))
        )

    return samples("train"), samples("test")


def create_optimizer(model, train_data, batch_size):
    """What trains the model with ``train_data``: samples in an RDD, or arrays of images and labels."""
    return Optimizer.create(
        model=model,
        training_set=train_data,
        criterion=ClassNLLCriterion(),
        optim_method=SGD(learningrate=0.1, learningrate_decay=0.0002),
        end_trigger=MaxEpoch(1),
        batch_size=batch_size,
    )


def train(optimizer, epochs):
    """After each epoch its number and the model."""
    for epoch in range(1, epochs + 1):
        optimizer.set_end_when(MaxEpoch(epoch))
        yield epoch, optimizer.optimize()


def accuracy(model, test_data, batch_size):
    """The share of the samples that the model takes for what they are, 0 to 1."""
    (top1,) = model.evaluate(test_data, batch_size, [Top1Accuracy()])
    return top1.result


def read_options(arguments):
    """What the attendee asks for; on the slide it is ``options``."""
    parser = OptionParser()
    parser.add_option("-b", "--batchSize", type=int, default=32, help="images in a step (%default)")
    parser.add_option("-e", "--maxEpoch", type=int, default=10, help="times that each image is seen (%default)")
    parser.add_option("-d", "--dataPath", default=mnist.default_folder(), help="folder of the IDX files (%default)")
    parser.add_option("-m", "--master", help="where Spark runs, as local[2] or spark://HOST:PORT")
    options, _ = parser.parse_args(arguments)
    return options


def report(epochs, accuracy_of, options):
    """Train, and print after each epoch how good the model is and how long the rest will take."""
    begun = time.time()
    for epoch, model in epochs:
        line = "epoch %d of %d: %.1f %% right" % (epoch, options.maxEpoch, 100 * accuracy_of(model))
        rest = (time.time() - begun) / epoch * (options.maxEpoch - epoch)
        print(line + (", %d s to go" % rest if rest else ""), flush=True)


def main(arguments=()):
    """Train on Spark; print the accuracy on digits that were held out, after each epoch."""
    options = read_options(list(arguments))
    sc = start(options.master)
    train_data, test_data = preprocess(sc, options.dataPath)
    optimizer = create_optimizer(build_model(10), train_data, options.batchSize)
    report(train(optimizer, options.maxEpoch), lambda model: accuracy(model, test_data, options.batchSize), options)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ValueError as error:
        sys.exit("lenet5.py: %s" % error)
