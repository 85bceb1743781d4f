"""Lab 1, slides 10 and 11: what an RDD is made of, and one function for each transformation of the slide.

make transformations        spark-submit transformations.py        python transformations.py
"""

from pyspark import SparkConf, SparkContext


def squares(sc, numbers, partitions):
    """A collection in so many partitions, and an RDD made from it by a function that runs once for each record."""
    return sc.parallelize(numbers, partitions).map(lambda x: x * x)


def partitions_of(records):
    """The records of each partition, as a list of lists."""
    return records.glom().collect()


def lineage(records):
    """What the RDD is made from, itself first, its oldest ancestor last: Spark's own description, a line for each."""
    return records.toDebugString().decode("utf-8").splitlines()


def lengths(words):
    """map(func): the number of letters of each word."""
    return words.map(lambda word: len(word))


def words_with(words, letter):
    """filter(func): the words that have this letter in them."""
    return words.filter(lambda word: letter in word)


def sample(records, withReplacement, fraction, seed):
    """sample(withReplacement, fraction, seed): about this fraction of the records, the same ones for the same seed."""
    return records.sample(withReplacement, fraction, seed)


def union(records, otherDataset):
    """union(otherDataset): the records of both, also those that are in both."""
    return records.union(otherDataset)


def intersection(records, otherDataset):
    """intersection(otherDataset): the records that are in both, each once."""
    return records.intersection(otherDataset)


def distinct(records, numTasks=None):
    """distinct([numTasks]): the records, each once."""
    return records.distinct(numTasks)


def groupByKey(pairs, numTasks=None):
    """groupByKey([numTasks]): for each key the list of its values, in no particular order."""
    return pairs.groupByKey(numTasks).mapValues(list)


def sortByKey(pairs, ascending=True, numTasks=None):
    """sortByKey([ascending], [numTasks]): the pairs by key; reads the keys at once, to see where to cut them."""
    return pairs.sortByKey(ascending, numTasks)


def pipe(records, command, envVars=None, checkCode=True):
    """pipe(command, [envVars]): a line of output for each line that the command writes, given a record on each line.

    The command runs once for each partition and sees ``envVars`` and no other environment variable. A job with a
    command that ends with another status than 0 fails; with ``checkCode=False``, as is Spark's default, nobody notices.
    """
    return records.pipe(command, envVars, checkCode)


def main():
    """Print what each transformation makes of a few words."""
    sc = SparkContext.getOrCreate(conf=SparkConf())
    words = sc.parallelize(["to", "be", "or", "not", "to", "be", "that", "is"], 2)
    others = sc.parallelize(["that", "is", "what", "we", "want", "to", "know"], 2)
    pairs = words.map(lambda word: (len(word), word))

    def show(what, result):
        print("%-32s %s" % (what, result.collect()))

    print("%-32s %s" % ("in partitions", partitions_of(words)))
    show("map(len)", lengths(words))
    show("filter('t' in word)", words_with(words, "t"))
    show("sample(False, 0.5, 42)", sample(words, False, 0.5, 42))
    show("sample(True, 0.5, 42)", sample(words, True, 0.5, 42))
    show("union(others)", union(words, others))
    show("intersection(others)", intersection(words, others))
    show("distinct()", distinct(words))
    show("groupByKey()", groupByKey(pairs))
    show("sortByKey()", sortByKey(pairs))
    show("sortByKey(ascending=False)", sortByKey(pairs, ascending=False))
    show("pipe('tr a-z A-Z')", pipe(words, "tr a-z A-Z"))
    print("The last one is made from")
    for line in lineage(pipe(words, "tr a-z A-Z")):
        print("  " + line)


if __name__ == "__main__":
    main()
