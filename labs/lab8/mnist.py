"""Lab 8: handwritten digits, in the files that MNIST made known.

An IDX file says of what type its numbers are and how many there are in each dimension; then come the numbers.
"""

import gzip
import os
import zlib
from functools import reduce
from operator import mul

import numpy as np

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data")

FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
SIDE = 28
BYTES = 0x08  # the type of the numbers: one byte each, not signed


def default_folder():
    """MNIST's own files where somebody has put them into ``data/mnist``, else the 1797 digits of the course."""
    mnist = os.path.join(DATA, "mnist")
    found = all(_find(mnist, name) for names in FILES.values() for name in names)
    return os.path.normpath(mnist if found else os.path.join(DATA, "lab8"))


def read_data_sets(folder, data_type):
    """Images (n, 28, 28), 0 to 255, and labels (n,), 0 to 9, both uint8; ``data_type`` is "train" or "test".

    Raises ValueError that names the file, and where in it something is wrong: the place in what is unpacked.
    """
    images_path, labels_path = [_find(folder, name) or _complain(folder, name) for name in FILES[data_type]]
    images = read_idx(images_path, dimensions=3)
    if images.shape[1:] != (SIDE, SIDE):
        raise ValueError("%s, offset 8: images of %d by %d pixels, not 28 by 28" % ((images_path,) + images.shape[1:]))
    labels = read_idx(labels_path, dimensions=1)
    if len(labels) != len(images):
        raise ValueError("%s, offset 4: %d labels for %d images" % (labels_path, len(labels), len(images)))
    wrong = np.flatnonzero(labels > 9)
    if len(wrong):
        raise ValueError("%s, offset %d: the label %d is no digit" % (labels_path, 8 + wrong[0], labels[wrong[0]]))
    return images, labels


def get_mnist(sc, data_type, location):
    """An RDD of pairs: an image, as ``read_data_sets`` has it, and its label as BigDL counts them, from 1.0."""
    images, labels = read_data_sets(location, data_type)
    return sc.parallelize(list(zip(images, labels + 1.0)))


def mean_and_std(folder):
    """Mean and standard deviation of all pixels of the images to train with."""
    images, _ = read_data_sets(folder, "train")
    return float(images.mean()), float(images.std())


def read_idx(path, dimensions):
    """The numbers in an IDX file of bytes, gzipped or not, as an array. Raises ValueError as ``read_data_sets``."""
    content = _unpacked(path)
    header = 4 + 4 * dimensions
    magic = int.from_bytes(content[:4], "big")
    expected = BYTES << 8 | dimensions
    if len(content) >= 4 and magic != expected:
        raise ValueError("%s, offset 0: the magic number is %d, not %d" % (path, magic, expected))
    if len(content) < header:
        raise ValueError("%s, offset %d: ends here, in the header of %d bytes" % (path, len(content), header))
    shape = [int(size) for size in np.frombuffer(content, ">u4", dimensions, offset=4)]
    size = header + reduce(mul, shape)
    if len(content) != size:
        raise ValueError(
            "%s, offset %d: ends here, where the header says %d (%s)"
            % (path, len(content), size, " x ".join(map(str, shape)))
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _unpacked(path):
    content = b""
    try:
        with gzip.open(path) if path.endswith(".gz") else open(path, "rb") as stream:
            # Piece by piece, to know how far it went well.
            for piece in iter(lambda: stream.read1(1 << 16), b""):
                content += piece
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError("%s, offset %d: %s" % (path, len(content), error)) from error
    return content


def _find(folder, name):
    paths = [os.path.join(folder, name + ending) for ending in ("", ".gz")]
    return next((path for path in paths if os.path.isfile(path)), None)


def _complain(folder, name):
    raise ValueError("%s: there is no %s, with or without .gz" % (folder, name))
