"""Slide 10: RDDs recover from node failure. What only two nodes show is in tests/clusters/test_two_workers.py."""

import pytest

from labs.lab1 import recovery


@pytest.mark.claim("rdd.recovers")
def test_on_one_node_the_lab_says_what_it_needs(sc):
    with pytest.raises(SystemExit, match="needs two executors"):
        recovery.main()
