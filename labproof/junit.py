"""Verdicts in pytest's JUnit XML, where each test case already names its claims."""

import os
from xml.etree import ElementTree


def add_verdicts(path, record):
    """Put the verdict on each claim that a test case at ``path`` names beside it, as a property.

    A verdict is known when all tests of its claim are through, so the file is there by then.
    """
    path = os.path.expanduser(os.path.expandvars(path))
    verdicts = {claim["id"]: claim["verdict"] for claim in record["claims"]}
    tree = ElementTree.parse(path)
    for properties in tree.iter("properties"):
        for number, known in reversed(list(enumerate(properties))):
            if known.get("name") == "claim" and known.get("value") in verdicts:
                verdict = ElementTree.Element("property", name="verdict", value=verdicts[known.get("value")])
                properties.insert(number + 1, verdict)
    tree.write(path, encoding="utf-8", xml_declaration=True)
