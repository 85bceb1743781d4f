"""The record of a run, ``build/claims.json``: a verdict for each claim, from the outcomes of its tests."""

import hashlib
import json
import os

from labproof import __version__

#: Of the record; readers refuse what they do not know.
FORMAT = 1


#: So begins the reason of a skip where the target, as it is, cannot be asked; another skip is about a missing part.
NOT_HERE = "not on this target: "


def verdict(claim, spark, tests, selected=True, mode="classic"):
    """The verdict on a claim and the reason for it, None where it simply holds.

    ``tests`` are dicts with outcome and reason; ``selected`` is whether the run was to run them; ``mode`` is how it
    talked to Spark. Where only a part of a claim can be asked, the ledger's erratum has to say what became of the rest.
    """
    if any(test["outcome"] == "failed" for test in tests):
        return "fails", "; ".join(test["reason"] for test in tests if test["outcome"] == "failed")
    reason = claim.not_on_this(spark, mode)
    if reason:
        return "not-on-this-version", reason
    erratum = claim.erratum(spark, mode)
    skipped = sorted({test["reason"] for test in tests if test["outcome"] == "skipped"})
    not_here = [reason for reason in skipped if reason.startswith(NOT_HERE)]
    if not_here and erratum and any(test["outcome"] == "passed" for test in tests):
        skipped = [reason for reason in skipped if reason not in not_here]
    if skipped and skipped == not_here:
        return "not-on-this-version", "; ".join(reason[len(NOT_HERE) :] for reason in skipped)
    if skipped:
        return "not-checked", "; ".join(skipped)
    if claim.planned:
        return "not-checked", claim.planned
    if not tests:
        return "not-checked", "the run ended before its tests did" if selected else "not selected in this run"
    return ("holds-with-erratum", erratum) if erratum else ("holds", None)


def compose(ledger, about, outcomes, selected):
    """The record as a dict.

    ``about`` has the run's own values (spark, python, started, ...), ``outcomes`` is a dict from node id to what became
    of the test, with the ids of its ``claims``; ``selected`` are the ids of the claims whose tests were to run.
    """
    claims = []
    for claim in ledger.claims.values():
        if claim.strength == "context":
            continue
        tests = [
            {key: value for key, value in test.items() if key != "claims"}
            for test in outcomes.values()
            if claim.id in test["claims"]
        ]
        found, reason = verdict(claim, about["spark"], tests, claim.id in selected, about["mode"])
        claims.append(
            {
                "id": claim.id,
                "section": claim.section,
                "slide": claim.slides,
                "text": claim.says,
                "lab": claim.lab,
                "verdict": found,
                "reason": reason,
                "erratum": claim.erratum(about["spark"], about["mode"]),
                "planned": claim.planned,
                "tests": tests,
            }
        )
    context = [
        {"id": claim.id, "section": claim.section, "slide": claim.slides, "text": claim.says, "reason": claim.reason}
        for claim in ledger.claims.values()
        if claim.strength == "context"
    ]
    deck = {
        "title": ledger.title,
        "slides": ledger.slides,
        "sections": [section._asdict() for section in ledger.sections],
    }
    record = {"format": FORMAT, "labproof": __version__, "deck": deck}
    record.update(about)
    record.update(claims=claims, context=context)
    record["sha256"] = digest(record)
    return record


def sources(ledger, root):
    """The code under test: a dict from the labs that the ledger names, and that are there, to their text."""
    texts = {}
    for lab in sorted({claim.lab for claim in ledger.claims.values() if claim.lab}):
        path = os.path.join(root, lab)
        if os.path.isfile(path):
            with open(path, encoding="utf-8", errors="replace") as stream:
                texts[lab] = stream.read()
    return texts


def digest(record):
    """The SHA-256 of a record's content without ``sha256`` itself: it tells a record that was edited after the run."""
    content = {key: value for key, value in record.items() if key != "sha256"}
    # Through JSON once, so that the record in memory and the one read back are the same text.
    text = json.dumps(json.loads(json.dumps(content)), sort_keys=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def write(record, path):
    """Write the record, whole or not at all."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    unfinished = "%s.%d" % (path, os.getpid())
    with open(unfinished, "w", encoding="utf-8") as stream:
        json.dump(record, stream, indent=1, ensure_ascii=False, sort_keys=False)
        stream.write("\n")
    os.replace(unfinished, path)
