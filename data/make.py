"""Makes the labs' input files: the same bytes each time, on any machine.

    python data/make.py            # into this folder
    python data/make.py FOLDER     # somewhere else

Needs pyspark, pyarrow for users.parquet, and scikit-learn for the digits of lab 8. The bytes of these files, not what
is in them, also depend on the release of pyarrow and of zlib.
"""

import gzip
import io
import random
import shutil
import struct
import sys
from pathlib import Path

import pyspark

README = """\
# Introduction to Spark

This text is the input of the first labs.  It is about the course, and it is
written to be counted:   some words come back often, some only once.

## What Spark is

Spark runs a program on many cores, and on many computers, at once.  The program
is short, as if there were one computer only; Spark cuts the data into
partitions, sends the work to the data, and puts the answers together again.

There are four ways to write such a program: Scala, Java, Python and R.
In this course we use Python -- and a little SQL.

## What a program is made of

* A *driver* : the program that you write and start.
* *Executors* : the processes that do the work, often on other computers.
* *Tasks* : one for each partition and each step.

An RDD is a collection of records.  A DataFrame is a table, with a name and a type
for each column.  Both are cut into partitions, both are described first
and computed only when somebody needs the result.

## Transformations and actions

A transformation makes a new RDD from an old one: map, filter, union, distinct.
Nothing runs yet.  An action asks for a value: count, collect, take, reduce.
Now it runs.  Ask twice, and it runs twice, unless the RDD was cached.

	lines = sc.textFile("README.md")
	lines.filter(lambda s: 'a' in s).count()
	lines.filter(lambda s: 'b' in s).count()

The two lines above are the whole of Lab 1.  How many lines of this text
have an a in them?  How many have a b?  Guess first, then run it.

## Words from elsewhere

Not every word is made of the letters a to z:
naïve café, Übergröße, smörgåsbord, fiancée, Łódź, Привет, Καλημέρα, こんにちは, 你好, 🚀
naïve Café, übergröße, SMÖRGÅSBORD, Fiancée, łódź, привет, καλημέρα, こんにちは, 你好, 🚀

A program that counts them has to count   naïve   twice here, and café once more: café.


(There were two empty lines above.   An empty line has no word, but mind what split gives.)

## The labs

1. Lines with an a, lines with a b : RDDs, then DataFrames.
2. The longest line, the number of times each word comes, and what tasks can share.
3. The words once more, in a notebook.
4. People, users, files and tables : SQL.
5. Two models that learn : a logistic regression and a perceptron.
6. Words that come in one by one, and the mean age of people who do.
7. The same on a cluster.
8. Digits that were written by hand, and a network that reads them.

The end.
"""

# The three people of the deck; Michael has not told his age in the JSON file.
PEOPLE_JSON = """\
{"name":"Michael"}
{"name":"Andy", "age":30}
{"name":"Justin", "age":19}
"""

PEOPLE_TEXT = """\
Michael, 29
Andy, 30
Justin, 19
"""

# Copied from Spark, as lab 7 puts the folder with all its files into HDFS.
FROM_SPARK = "mllib/sample_multiclass_classification_data.txt"

USERS = [
    ("Alyssa", None, [3, 9, 15, 20]),
    ("Ben", "red", []),
    ("Chloé", "green", [7]),
    ("Dagny", None, [1, 1, 2, 3, 5, 8]),
    ("Émile", "blue", [-40, 2147483647]),
]

# Lab 6 moves these in one after the other: the mean age is 30, then 35, then still 35, as the two new ones
# do not tell their age, then 40.
AGES = {
    "1.csv": "Ada;25\nBoris;35\nCem;20\nDunja;40\n",
    "2.csv": "Edwin;45\nFatou;55\nGrzegorz;35\nHélène;25\n",
    "3.csv": "Ivo;\nJing;\n",
    "4.csv": "Kofi;70\nLeïla;50\n",
}


def key_value_lines(rows=500, seed=20180427):
    """``rows`` lines of a key below 500 and its value, with ^A between: what Hive splits columns at by itself."""
    draw = random.Random(seed)
    # Only random() gives the same numbers for the same seed on every Python.
    keys = [int(draw.random() * 500) for _ in range(rows)]
    return "".join(f"{key}\x01val_{key}\n" for key in keys)


def write_users(path):
    """USERS as a Parquet file of format version 1.0, plain and uncompressed, which any Spark reads."""
    import pyarrow
    from pyarrow import parquet

    columns = [
        ("name", pyarrow.string()),
        ("favorite_color", pyarrow.string()),
        ("favorite_numbers", pyarrow.list_(pyarrow.int32())),
    ]
    arrays = [pyarrow.array([user[i] for user in USERS], type_) for i, (_, type_) in enumerate(columns)]
    table = pyarrow.Table.from_arrays(arrays, schema=pyarrow.schema(columns))
    parquet.write_table(
        table, str(path), version="1.0", compression="none", use_dictionary=False, use_compliant_nested_type=True
    )


# MNIST's names for its files, and whether ours are held out for the test: every sixth digit, of all writers.
DIGITS = {
    "lab8/train-images-idx3-ubyte.gz": False,
    "lab8/train-labels-idx1-ubyte.gz": False,
    "lab8/t10k-images-idx3-ubyte.gz": True,
    "lab8/t10k-labels-idx1-ubyte.gz": True,
}


def as_mnist(images):
    """Digits of 8 by 8 pixels, 0 to 16, as MNIST has them: 20 by 20 in the middle of 28 by 28, 0 to 255, uint8."""
    import numpy

    # Between the centres of the old pixels in a straight line, in whole numbers: fortieths of an old pixel.
    weights = numpy.zeros((20, 8), dtype=int)
    for new in range(20):
        old, beyond = divmod(min(max((2 * new + 1) * 8 - 20, 0), 7 * 40), 40)
        weights[new, old] += 40 - beyond
        weights[new, min(old + 1, 7)] += beyond
    scaled = weights @ images.astype(int) @ weights.T
    # In 16 steps, as fine as the digits were and half as large a file.
    middle = (scaled * 15 + 12800) // 25600 * 17
    return numpy.pad(middle, ((0, 0), (4, 4), (4, 4)), "constant").astype("uint8")


def write_digits(folder):
    """Handwritten digits in MNIST's IDX format: type and dimensions, each four bytes, the highest first; then bytes."""
    import numpy
    from sklearn.datasets import load_digits

    digits = load_digits()
    held_out = numpy.arange(len(digits.target)) % 6 == 0
    for name, test in DIGITS.items():
        part = held_out == test
        values = as_mnist(digits.images[part]) if "images" in name else digits.target[part].astype("uint8")
        header = struct.pack(">BBBB", 0, 0, 8, values.ndim) + struct.pack(">%dI" % values.ndim, *values.shape)
        packed = io.BytesIO()
        with gzip.GzipFile("", "wb", fileobj=packed, mtime=0) as stream:
            stream.write(header + values.tobytes())
        (folder / name).write_bytes(packed.getvalue())


def make(folder):
    """Write all files into ``folder``; return their paths, in alphabetical order."""
    folder = Path(str(folder))
    texts = {
        "README.md": README,
        "people.json": PEOPLE_JSON,
        "people.txt": PEOPLE_TEXT,
        "kv1.txt": key_value_lines(),
    }
    texts.update(("lab6/" + name, text) for name, text in AGES.items())
    for name in ("lab6", "lab8", "mllib"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode("utf-8"))
    write_users(folder / "users.parquet")
    write_digits(folder)
    shutil.copyfile(str(Path(pyspark.__file__).parent / "data" / FROM_SPARK), str(folder / FROM_SPARK))
    return sorted(folder / name for name in list(texts) + list(DIGITS) + ["users.parquet", FROM_SPARK])


if __name__ == "__main__":
    for made in make(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent):
        print(made)
