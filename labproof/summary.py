"""The end of a run on the terminal: verdicts by section, then each claim that does not simply hold, with its reason."""

from labproof.ledger import VERDICTS

HEADINGS = {
    "holds": "holds",
    "holds-with-erratum": "erratum",
    "not-on-this-version": "not here",
    "not-checked": "unchecked",
    "fails": "fails",
}
PARAGRAPHS = [
    ("holds-with-erratum", "Hold, but say it differently"),
    ("not-on-this-version", "Not on this release"),
    ("not-checked", "Not checked"),
    ("fails", "Fail"),
]
COLOURS = {"fails": {"red": True}, "not-checked": {"yellow": True}, "holds-with-erratum": {"cyan": True}}


def write_summary(terminal, record, path, lacking, deaths):
    """Write the summary of ``record``, kept at ``path``; ``lacking`` are claims that had to be checked and were not."""
    terminal.section("labproof: %s" % record["deck"]["title"])
    # A run of a part is about that part.
    claims = [claim for claim in record["claims"] if claim["tests"] or not record["selection"]]
    width = max([len(section["title"]) for section in record["deck"]["sections"]] + [8])
    terminal.write_line(" " * width + "".join("%10s" % HEADINGS[verdict] for verdict in VERDICTS))
    for section in record["deck"]["sections"]:
        found = [claim["verdict"] for claim in claims if claim["section"] == section["id"]]
        if found:
            terminal.write_line(section["title"].ljust(width) + _counts(found))
    terminal.write_line("together".ljust(width) + _counts([claim["verdict"] for claim in claims]))
    for verdict, heading in PARAGRAPHS:
        chosen = [claim for claim in claims if claim["verdict"] == verdict]
        if not chosen:
            continue
        terminal.write_line("")
        terminal.write_line("%s:" % heading, bold=True, **COLOURS.get(verdict, {}))
        for claim in chosen:
            slides = ", ".join(str(slide) for slide in claim["slide"])
            terminal.write_line("  slide %s, %s: %s" % (slides, claim["id"], claim["reason"]))
    terminal.write_line("")
    for death in deaths:
        terminal.write_line(
            "%s The tests that it ran failed, the others went on in a new one." % death["cause"], red=True
        )
        terminal.write_line(death["log"].strip()[-1000:])
    if lacking:
        names = ", ".join(claim["id"] for claim in lacking)
        terminal.write_line("--require-all: %d claims could not be checked: %s" % (len(lacking), names), red=True)
    terminal.write_line(
        "Spark %(spark)s, Python %(python)s, Java %(java)s (%(java_from)s), %(master)s; %(seconds)g s" % record
    )
    state = "complete" if record["complete"] else "INCOMPLETE: the run did not reach its end"
    if record["selection"]:
        state = "partial: %s; %s" % (record["selection"], state)
    terminal.write_line("Record: %s (%s)" % (path, state))


def _counts(verdicts):
    return "".join("%10s" % (verdicts.count(verdict) or "-") for verdict in VERDICTS)
