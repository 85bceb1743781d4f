"""LeNet, computed with NumPy alone: what any framework has to answer with the same weights."""

import numpy as np

# Of the layers that learn: the weights, then the biases.
SHAPES = [(6, 1, 5, 5), (6,), (12, 6, 5, 5), (12,), (100, 192), (100,), (10, 100), (10,)]


def some_weights():
    """Arrays of SHAPES, about as large as learned ones, the same each time."""
    draw = np.random.RandomState(8)
    return [draw.uniform(-1, 1, shape) / np.sqrt(np.prod(shape[1:])) for shape in SHAPES]


def some_images():
    """Four normalized images of noise, the same each time."""
    return np.random.RandomState(43).uniform(-1, 3, (4, 28, 28))


def outputs(images, weights):
    """The outputs of the slide's twelve layers, one after the other."""
    w = iter(weights)
    layers = [
        lambda x: x.reshape(-1, 1, 28, 28),
        lambda x: _convolve(x, next(w), next(w)),
        np.tanh,
        _largest_of_two_by_two,
        np.tanh,
        lambda x: _convolve(x, next(w), next(w)),
        _largest_of_two_by_two,
        lambda x: x.reshape(-1, 12 * 4 * 4),
        lambda x: x @ next(w).T + next(w),
        np.tanh,
        lambda x: x @ next(w).T + next(w),
        lambda x: x - np.log(np.exp(x).sum(axis=1, keepdims=True)),
    ]
    found, values = [], images
    for layer in layers:
        values = layer(values)
        found.append(values)
    return found


def _convolve(images, kernels, biases):
    """Every place of a window of 5 by 5, without going over the edge: (n, in, h, w) to (n, out, h - 4, w - 4)."""
    height, width = images.shape[2] - 4, images.shape[3] - 4
    total = biases.reshape(1, -1, 1, 1)
    for i in range(5):
        for j in range(5):
            shifted = images[:, :, i : i + height, j : j + width]
            total = total + np.einsum("nchw,oc->nohw", shifted, kernels[:, :, i, j])
    return total


def _largest_of_two_by_two(images):
    n, channels, height, width = images.shape
    return images.reshape(n, channels, height // 2, 2, width // 2, 2).max(axis=(3, 5))
