"""The ledger of a course: every claim of its slides, and the rules that ledger and tests keep with each other.

A ledger is a TOML file with one ``[deck]``, its ``[[section]]``s and an entry ``[[claim]]`` for each claim. Errors are
collected and told together, each with file, line, rule and remedy.
"""

import itertools
import os
import re
from collections import Counter, namedtuple

from labproof.releases import RELEASES, numbers

try:
    import tomllib  # novm
except ImportError:  # Python before 3.11
    import tomli as tomllib  # type: ignore[no-redef]

Section = namedtuple("Section", "id title")
Note = namedtuple("Note", "since until mode text")
Measured = namedtuple("Measured", "name since until mode value")
#: A test of the specification: the claims it is marked with and why there are several, if there are.
MarkedTest = namedtuple("MarkedTest", "nodeid path line claims because")

VERDICTS = ("holds", "holds-with-erratum", "not-on-this-version", "not-checked", "fails")
CLAIM_KEYS = {"id", "section", "slide", "says", "lab", "strength", "reason", "planned", "erratum", "not_on", "measured"}
STRENGTHS = ("required", "part", "context")
#: How a program talks to Spark: in a process with its JVM, or through a Spark Connect server.
MODES = ("classic", "connect")


class LedgerError(Exception):
    """The ledger, or what the tests say of it, breaks its rules; one line for each place where it does."""

    def __init__(self, violations):
        super(LedgerError, self).__init__("\n".join(violations))
        self.violations = violations


class Claim(object):
    """One claim of the deck, as the ledger has it.

    ``slides`` are numbers, ``errata`` and ``not_on`` are :class:`Note` s with the releases and the mode that they are
    about, ``planned`` says which part is still to come that the claim, or the rest of it, needs.
    """

    def __init__(self, entry, line):
        self.line = line
        self.id = entry["id"]
        self.section = entry["section"]
        self.slides = entry["slide"]
        self.says = entry["says"]
        self.lab = entry.get("lab")
        self.strength = entry.get("strength", "required")
        self.reason = entry.get("reason")
        self.planned = entry.get("planned")
        self.errata = _notes(entry.get("erratum", []), "instead")
        self.not_on = _notes(entry.get("not_on", []), "because")
        self._measured = [
            Measured(row["name"], row.get("since"), row.get("until"), row.get("mode"), row["value"])
            for row in entry.get("measured", [])
        ]

    def erratum(self, spark, mode="classic"):
        """What is true instead on this release in this mode, or None where the deck is right.

        Raises what ``str.format_map`` does for a ``{name}`` that was not measured on this release.
        """
        return " ".join(self.filled(note, spark, mode) for note in self.errata if covers(note, spark, mode)) or None

    def filled(self, note, spark, mode="classic"):
        """The text of a note with the values that were measured on this release; raises as :meth:`erratum`."""
        return note.text.format_map({row.name: row.value for row in self._measured if covers(row, spark, mode)})

    def not_on_this(self, spark, mode="classic"):
        """Why the claim is not one about this release in this mode, or None."""
        return " ".join(note.text for note in self.not_on if covers(note, spark, mode)) or None

    def measures(self, name):
        """Whether a value of this name was measured, on whichever release."""
        return any(row.name == name for row in self._measured)

    def measured(self, name, spark, mode="classic"):
        """The value of this name that was measured on this release. Raises ``KeyError`` with what there is."""
        for row in self._measured:
            if row.name == name and covers(row, spark, mode):
                return row.value
        names = ", ".join(sorted({row.name for row in self._measured})) or "nothing"
        raise KeyError("claim %s has no value %r for Spark %s; measured are: %s" % (self.id, name, spark, names))


def _notes(entries, text):
    return [Note(entry.get("since"), entry.get("until"), entry.get("mode"), entry[text]) for entry in entries]


def covers(note, spark, mode="classic"):
    """Whether a note, or a measured value, is about this release of Spark in this mode."""
    release = numbers(spark)
    if note.mode not in (None, mode):
        return False
    return not (note.since and release < numbers(note.since)) and not (note.until and release >= numbers(note.until))


class Ledger(object):
    """All claims of a course: ``sections`` in the order of the deck, ``claims`` by id, ``title`` of the deck."""

    def __init__(self, path, root):
        """Read the ledger at ``path``; labs are named relative to ``root``. Raises :class:`LedgerError`."""
        self.path = path
        self._root = root
        self._name = os.path.relpath(path, root)
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
        try:
            content = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise LedgerError(["%s: not TOML: %s" % (self._name, error)]) from None
        self._lines = {}  # type: dict[str, int]
        for number, line in enumerate(text.splitlines(), 1):
            found = re.match(r'id\s*=\s*"([^"]+)"', line.strip())
            if found:
                self._lines.setdefault(found.group(1), number)
        deck = content.get("deck", {})
        self.title = deck.get("title", "")
        self.slides = deck.get("slides", 0)
        self.sections = [Section(entry["id"], entry["title"]) for entry in content.get("section", [])]
        entries = content.get("claim", [])
        violations = list(self._violations_of(entries))
        if violations:
            raise LedgerError(violations)
        self.claims = {entry["id"]: Claim(entry, self._lines[entry["id"]]) for entry in entries}
        violations = list(self._violations_of_errata())
        if violations:
            raise LedgerError(violations)

    def _violations_of(self, entries):
        sections = {section.id for section in self.sections}
        count = Counter(entry.get("id") for entry in entries)
        seen = set()
        for entry in entries:
            name = entry.get("id")
            where = "%s:%s: claim %s: " % (self._name, self._lines.get(name, "?"), name or "without an id")
            missing = [key for key in ("id", "section", "slide", "says") if key not in entry]
            if missing:
                yield where + "%s is missing. Remedy: add it." % ", ".join(missing)
                continue
            if count[name] > 1 and name not in seen:
                yield where + "the id is used %d times. Remedy: give each claim an id of its own." % count[name]
            seen.add(name)
            unknown = sorted(set(entry) - CLAIM_KEYS)
            if unknown:
                yield where + "unknown key %s. Remedy: one of %s." % (", ".join(unknown), ", ".join(sorted(CLAIM_KEYS)))
            if entry["section"] not in sections:
                yield where + "no section %r. Remedy: one of %s." % (entry["section"], ", ".join(sorted(sections)))
            wrong = [slide for slide in entry["slide"] if not 1 <= slide <= self.slides]
            if wrong or not entry["slide"]:
                yield where + "slide %s is not in the deck. Remedy: 1 to %d." % (wrong or "[]", self.slides)
            if entry.get("strength", "required") not in STRENGTHS:
                yield where + "no strength %r. Remedy: one of %s." % (entry["strength"], ", ".join(STRENGTHS))
            if entry.get("strength") == "context" and not entry.get("reason"):
                yield where + "context without a reason. Remedy: say in `reason` why it cannot be tested."
            for kind, needed in ("erratum", "instead"), ("not_on", "because"), ("measured", "value"):
                for note in entry.get(kind, []):
                    if needed not in note:
                        yield where + "%s without `%s`. Remedy: add it." % (kind, needed)
                    for bound in ("since", "until"):
                        if bound in note and not re.match(r"\d+(\.\d+)*$", note[bound]):
                            yield where + "%s: %r is no release. Remedy: like 3.0." % (kind, note[bound])
                    if note.get("mode", MODES[0]) not in MODES:
                        yield where + "%s: no mode %r. Remedy: one of %s." % (kind, note["mode"], ", ".join(MODES))
        covered = {slide for entry in entries for slide in entry.get("slide", [])}
        for slide in range(1, self.slides + 1):
            if slide not in covered:
                yield "%s: slide %d has no entry. Remedy: add its claims, or a context entry with the reason." % (
                    self._name,
                    slide,
                )

    def _violations_of_errata(self):
        for claim in self.claims.values():
            for release, mode in itertools.product(RELEASES, MODES):
                try:
                    claim.erratum(release.spark, mode)
                except (AttributeError, LookupError, TypeError, ValueError) as error:
                    yield "%s:%d: claim %s: erratum on Spark %s: %s %s. Remedy: measure the value that it names." % (
                        self._name,
                        claim.line,
                        claim.id,
                        release.spark,
                        type(error).__name__,
                        error,
                    )
                    break

    def violations_of_tests(self, tests, whole):
        """What is wrong between ledger and tests; ``whole`` is whether all tests of the course are among them."""
        folder = os.path.dirname(self.path)
        specification = [os.path.join(folder, section.id) + os.sep for section in self.sections]
        shown = set()
        for test in tests:
            where = "%s:%d: %s: " % (os.path.relpath(test.path, self._root), test.line, test.nodeid.split("::")[-1])
            shown.update(test.claims)
            for name in test.claims:
                if name not in self.claims:
                    yield where + "claim %r is not in %s. Remedy: correct the id, or add the claim." % (
                        name,
                        self._name,
                    )
                elif self.claims[name].strength == "context":
                    yield where + "claim %s is context in %s. Remedy: make it required." % (name, self._name)
            if len(test.claims) > 1 and not test.because:
                yield where + "several claims without a reason. Remedy: claim(..., because=...), or a test for each."
            if not test.claims and any(os.path.abspath(test.path).startswith(place) for place in specification):
                yield where + "a test of the specification without a claim. Remedy: mark it with claim(...)."
        if whole:
            for claim in self.claims.values():
                where = "%s:%d: claim %s: " % (self._name, claim.line, claim.id)
                if claim.lab and not os.path.exists(os.path.join(self._root, claim.lab)):
                    yield where + "there is no lab %s. Remedy: name the file under test." % claim.lab
                if claim.id not in shown and claim.strength != "context" and not claim.planned:
                    yield where + "no test shows it. Remedy: mark one with claim(%r), or plan it." % claim.id
