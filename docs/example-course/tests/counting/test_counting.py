import pytest

from labs import total, words


@pytest.mark.claim("words")
def test_a_word_that_comes_twice_counts_two(spark):
    assert sorted(words.counts(spark, ["a", "b", "a"]).collect()) == [("a", 2), ("b", 1)]


@pytest.mark.claim("total")
def test_the_sum_of_one_to_four_is_ten(sc):
    assert total.total(sc, [1, 2, 3, 4]) == 10
