"""Records of runs that never were, and a look into the pages made of them."""

import json
from collections import Counter
from html.parser import HTMLParser

from labproof import record
from labproof.ledger import Claim, Section

VOID = {"meta", "link", "br", "input"}


class Ledger:
    """A course with these claims."""

    title, slides, sections = "Sums", 9, [Section("adding", "Adding"), Section("taking", "Taking away")]

    def __init__(self, *claims):
        self.claims = {claim.id: claim for claim in claims}


def claim(name, slide=1, section="adding", **more):
    slides = slide if isinstance(slide, list) else [slide]
    entry = {"id": name, "section": section, "slide": slides, "says": "It is so with %s." % name}
    return Claim(dict(entry, **more), 1)


def outcome_of(name, title="it_is_so", outcome="passed", reason=None, properties=None, **times):
    """A test of the claim ``name``, as it ended."""
    test = {"seconds": 0.25, "worker": "gw0", "start": 1.0}
    test.update(times)
    nodeid = "tests/test_%s.py::test_%s" % (name, title)
    return dict(test, nodeid=nodeid, claims=[name], outcome=outcome, reason=reason, properties=properties or {})


def run(claims, tests=None, **about):
    """The record of a run with these claims and tests; without tests, each claim has one that passed."""
    tests = [outcome_of(claim.id) for claim in claims if claim.strength != "context"] if tests is None else tests
    values = {
        "spark": "4.3.0",
        "python": "3.11.7",
        "java": "17.0.15",
        "java_from": "PATH",
        "master": "local[2]",
        "mode": "classic",
        "machine": "Linux x86_64, 2 cores",
        "workers": 2,
        "notes": [],
        "started": "2026-11-22T09:00:00Z",
        "seconds": 93.1,
        "complete": True,
        "selection": None,
        "labs": {},
    }
    values.update(about)
    selected = {name for test in tests for name in test["claims"]}
    made = record.compose(Ledger(*claims), values, {test["nodeid"]: test for test in tests}, selected)
    return json.loads(json.dumps(made))


class Page(HTMLParser):
    """What a browser would find: ``elements`` by tag, ``texts`` by the ids of the elements that they are in."""

    def __init__(self, html):
        super(Page, self).__init__()
        self.elements = {}
        self._texts = {}
        self._open = []
        self.feed(html)
        self.texts = {name: " ".join(" ".join(texts).split()) for name, texts in self._texts.items()}
        assert self._open == [], "each element is closed"
        ids = Counter(self.values("id"))
        assert [name for name, number in ids.items() if number > 1] == [], "an id is that of one element"

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.elements.setdefault(tag, []).append(attrs)
        if tag not in VOID:
            self._open.append((tag, attrs.get("id")))

    def handle_startendtag(self, tag, attrs):
        self.elements.setdefault(tag, []).append(dict(attrs))

    def handle_endtag(self, tag):
        assert self._open.pop()[0] == tag

    def handle_data(self, data):
        for _, name in self._open:
            if name:
                self._texts.setdefault(name, []).append(data)

    def values(self, attribute):
        """All values of an attribute, in the order of the page."""
        everything = (attrs for found in self.elements.values() for attrs in found)
        return [attrs[attribute] for attrs in everything if attribute in attrs]
