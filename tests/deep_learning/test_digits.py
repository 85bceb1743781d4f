"""Slide 44: the digits of lab 8, and what is wrong with a file that is not as MNIST's."""

import gzip
import os
import shutil

import numpy as np
import pytest

from labs.lab8 import mnist

pytestmark = pytest.mark.claim("lab8.mnist")

TRAIN_IMAGES, TRAIN_LABELS = mnist.FILES["train"]


@pytest.fixture
def folder(data):
    """The digits of the course, also where somebody has those of MNIST."""
    return str(data / "lab8")


@pytest.mark.parametrize(("data_type", "digits"), [("train", 1497), ("test", 300)])
def test_the_rdd_has_each_image_with_its_label_from_1_to_10(sc, folder, data_type, digits):
    images, labels = mnist.read_data_sets(folder, data_type)
    pairs = mnist.get_mnist(sc, data_type, folder).collect()
    assert len(pairs) == digits
    assert all((image == expected).all() for (image, _), expected in zip(pairs, images))
    assert [label for _, label in pairs] == [digit + 1 for digit in labels.tolist()]


@pytest.mark.parametrize("data_type", ["train", "test"])
def test_the_images_are_of_28_by_28_pixels_and_of_all_ten_digits(folder, data_type):
    images, labels = mnist.read_data_sets(folder, data_type)
    assert images.shape[1:] == (28, 28)
    assert images.dtype == labels.dtype == np.uint8
    assert np.bincount(labels).min() >= len(labels) / 12
    # Black around, as in MNIST's, and the darkest pixel of a digit is as dark as can be.
    assert images[:, 4:24, 4:24].sum() == images.sum()
    assert images.max() == 255


def test_no_digit_to_test_with_is_among_those_to_train_with(folder):
    train, test = [{image.tobytes() for image in mnist.read_data_sets(folder, part)[0]} for part in ("train", "test")]
    assert not train & test


def test_an_image_looks_like_its_label(folder):
    """A zero has a hole, a one has none: the middle of the mean zero is empty, that of the mean one is full."""
    images, labels = mnist.read_data_sets(folder, "train")
    zero, one = [images[labels == digit].mean(axis=0)[12:16, 13:15].mean() for digit in (0, 1)]
    assert zero < 50
    assert one > 150


def test_files_without_gz_are_read_too(folder, tmp_path):
    for names in mnist.FILES.values():
        for name in names:
            with gzip.open(os.path.join(folder, name + ".gz")) as packed:
                (tmp_path / name).write_bytes(packed.read())
    for part in mnist.FILES:
        for ours, theirs in zip(mnist.read_data_sets(str(tmp_path), part), mnist.read_data_sets(folder, part)):
            assert (ours == theirs).all()


def test_mnist_itself_is_read_where_it_is_in_the_data_folder(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(mnist, "DATA", str(tmp_path))
    assert mnist.default_folder() == str(tmp_path / "lab8")
    shutil.copytree(folder, str(tmp_path / "mnist"))
    assert mnist.default_folder() == str(tmp_path / "mnist")


def test_mnist_is_not_read_with_a_file_missing(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(mnist, "DATA", str(tmp_path))
    shutil.copytree(folder, str(tmp_path / "mnist"))
    (tmp_path / "mnist" / (TRAIN_LABELS + ".gz")).unlink()
    assert mnist.default_folder() == str(tmp_path / "lab8")


def idx(magic=2051, shape=(2, 28, 28), numbers=b"\0" * 1568):
    """An IDX file, by default of two black images."""
    return b"".join(number.to_bytes(4, "big") for number in (magic,) + shape) + numbers


TWO_IMAGES = idx()
TWO_LABELS = idx(2049, (2,), b"\1\2")


@pytest.mark.parametrize(
    ("images", "labels", "wrong", "complaint"),
    [
        (idx(2049), TWO_LABELS, TRAIN_IMAGES, "offset 0: the magic number is 2049, not 2051"),
        (TWO_IMAGES, idx(2051, (2,), b"\1\2"), TRAIN_LABELS, "offset 0: the magic number is 2051, not 2049"),
        (b"", TWO_LABELS, TRAIN_IMAGES, "offset 0: ends here, in the header of 16 bytes"),
        (TWO_IMAGES[:11], TWO_LABELS, TRAIN_IMAGES, "offset 11: ends here, in the header of 16 bytes"),
        (
            TWO_IMAGES[:-1],
            TWO_LABELS,
            TRAIN_IMAGES,
            "offset 1583: ends here, where the header says 1584 (2 x 28 x 28)",
        ),
        (
            TWO_IMAGES + b"\0",
            TWO_LABELS,
            TRAIN_IMAGES,
            "offset 1585: ends here, where the header says 1584 (2 x 28 x 28)",
        ),
        (
            idx(shape=(2**32 - 1, 28, 28)),
            TWO_LABELS,
            TRAIN_IMAGES,
            "offset 1584: ends here, where the header says 3367254359296 (4294967295 x 28 x 28)",
        ),
        (idx(shape=(2, 56, 14)), TWO_LABELS, TRAIN_IMAGES, "offset 8: images of 56 by 14 pixels, not 28 by 28"),
        (TWO_IMAGES, idx(2049, (3,), b"\1\2\3"), TRAIN_LABELS, "offset 4: 3 labels for 2 images"),
        (TWO_IMAGES, idx(2049, (2,), b"\1\12"), TRAIN_LABELS, "offset 9: the label 10 is no digit"),
    ],
)
def test_a_damaged_file_is_named_with_the_place_of_the_damage(tmp_path, images, labels, wrong, complaint):
    (tmp_path / TRAIN_IMAGES).write_bytes(images)
    (tmp_path / TRAIN_LABELS).write_bytes(labels)
    with pytest.raises(ValueError, match="offset") as error:
        mnist.read_data_sets(str(tmp_path), "train")
    assert str(error.value) == "%s, %s" % (tmp_path / wrong, complaint)


@pytest.mark.parametrize(
    "damage",
    [
        lambda packed: packed[: len(packed) // 2],
        lambda packed: packed[:-3],
        lambda packed: packed[:-8] + b"\0" * 8,
        lambda packed: b"<html>" + packed,
    ],
    ids=["cut short", "end cut off", "wrong checksum", "no gzip"],
)
def test_a_gzip_file_that_is_damaged_is_named_too(folder, tmp_path, damage):
    shutil.copytree(folder, str(tmp_path / "damaged"))
    path = tmp_path / "damaged" / (TRAIN_IMAGES + ".gz")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"%s, offset \d+: " % path):
        mnist.read_data_sets(str(tmp_path / "damaged"), "train")


def test_a_folder_without_the_files_is_named(tmp_path):
    with pytest.raises(ValueError, match="%s: there is no t10k-images-idx3-ubyte, with or without .gz" % tmp_path):
        mnist.read_data_sets(str(tmp_path), "test")
