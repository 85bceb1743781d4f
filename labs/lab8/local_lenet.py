"""Lab 8, slide 42: the same network, trained by BigDL without an RDD, on the cores of this machine.

make lenet_local   python local_lenet.py [--dataPath FOLDER] [--batchSize 32] [--maxEpoch 10]
"""

import sys

try:
    from labs.lab8 import lenet5, mnist
    from labs.lab8.bigdl_names import normalizer, start
except ImportError:  # started as a script: Python looks in the script's own folder
    import lenet5
    import mnist
    from bigdl_names import normalizer, start


def load_data(path):
    """((X, Y) to train with, (X, Y) to test with): images normalized as in lenet5.py, and labels from 1."""
    mean, std = mnist.mean_and_std(path)

    def normalized(data_type):
        images, labels = mnist.read_data_sets(path, data_type)
        return normalizer(images, mean, std), labels + 1.0

    return normalized("train"), normalized("test")


def accuracy(model, test_data):
    """The share of the images that the model takes for what they are, 0 to 1."""
    X_test, Y_test = test_data
    return float((model.predict_class(X_test) == Y_test).mean())


def main(arguments=()):
    """Train; print the accuracy on digits that were held out, after each epoch."""
    options = lenet5.read_options(list(arguments))
    # No Spark job will run, but BigDL lives in the JVM that Spark starts.
    start(options.master)
    train_data, test_data = load_data(options.dataPath)
    optimizer = lenet5.create_optimizer(lenet5.build_model(10), train_data, options.batchSize)
    epochs = lenet5.train(optimizer, options.maxEpoch)
    lenet5.report(epochs, lambda model: accuracy(model, test_data), options)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ValueError as error:
        sys.exit("local_lenet.py: %s" % error)
