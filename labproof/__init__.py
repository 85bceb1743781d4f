"""A tutorial about Spark as an executable specification: session, claim marker, verdicts and report for pytest."""

__version__ = "0.1.0"
