"""The fixtures that a test may ask for, beside those of labproof (spark, sc, own_spark): the course itself."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from labproof.attendee import attendee_in

COURSE = Path(__file__).resolve().parent

# A job costs a tenth of a second however small it is: few examples, large ones.
slow_and_large = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("spark", max_examples=12, deadline=None, suppress_health_check=slow_and_large)
settings.load_profile("spark")


@pytest.fixture(scope="session")
def data():
    """The folder of the labs' inputs; not to be written to."""
    return COURSE / "data"


@pytest.fixture
def attendee(tmp_path):
    """A fresh copy of the course, as an attendee has it, and commands run in it."""
    with attendee_in(COURSE, tmp_path / "course") as attendee:
        yield attendee


@pytest.fixture(scope="module")
def attendee_of_module(tmp_path_factory):
    """The same copy of the course for all tests of a module."""
    with attendee_in(COURSE, tmp_path_factory.mktemp("attendee") / "course") as attendee:
        yield attendee
