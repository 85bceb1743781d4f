"""The command ``labproof``: report on runs, look at the machine, bring parts, write the handout."""

import argparse
import os
import sys

from labproof import __version__

REPORT = os.path.join("build", "claims.json")
REMEDY = "pip install 'labproof[report]'"


def main(argv=None):
    """Run the command; the exit status: 0, or 2 for a wrong use or a record that is refused."""
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] == ["doctor"]:
        # It has options of its own, and has to work where nothing else of labproof does.
        from labproof import doctor

        return doctor.main(argv[1:])
    arguments = _parser().parse_args(argv)
    try:
        status = arguments.run(arguments)
        sys.stdout.flush()
        return status
    except _Misuse as error:
        sys.stderr.write("labproof: %s\n" % error)
        return 2
    except BrokenPipeError:
        # Who reads, as `head` does, has had enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        sys.stderr.write("labproof: %s: %s\n" % (error.filename, error.strerror))
        return 2


class _Misuse(Exception):
    """What the user can mend; the text says how."""


def _parser():
    parser = argparse.ArgumentParser(prog="labproof", description="A Spark course as an executable specification.")
    parser.add_argument("--version", action="version", version="labproof %s" % __version__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.required = True
    report = commands.add_parser("report", help="show what a run found, or how several runs differ")
    report.add_argument(
        "records", metavar="RECORD", nargs="*", default=[REPORT], help="records, or folders of them; else %(default)s"
    )
    report.add_argument("--format", choices=["html", "markdown", "json", "text"], default="html")
    report.add_argument(
        "--output", metavar="FILE", help="where to write; - is the terminal, where all but HTML go by themselves"
    )
    report.set_defaults(run=_report)
    handout = commands.add_parser("handout", help="write the deck as its tests state it")
    handout.add_argument("--output", metavar="FILE", default=os.path.join("docs", "claims.md"), help="else %(default)s")
    handout.add_argument(
        "--ledger", metavar="FILE", default=os.path.join("tests", "claims.toml"), help="else %(default)s"
    )
    handout.add_argument("--check", action="store_true", help="write nothing, fail when the file has drifted")
    handout.set_defaults(run=_handout)
    real = commands.add_parser("parts", help="list, bring or serve the real servers that some claims are about")
    real.set_defaults(run=_parts, deed=None)
    deeds = real.add_subparsers(dest="deed", metavar="WHAT")
    fetch = deeds.add_parser("fetch", help="bring parts into the cache folder")
    fetch.add_argument("names", metavar="NAME", nargs="*")
    fetch.add_argument("--all", action="store_true", help="every part")
    fetch.set_defaults(run=_parts)
    serve = deeds.add_parser("serve", help="serve a part until Ctrl+C")
    serve.add_argument("name", metavar="NAME")
    serve.set_defaults(run=_parts)
    commands.add_parser("doctor", help="look whether this machine is ready for the labs", add_help=False)
    return parser


def _report(arguments):
    try:
        from labproof.report import command
    except ImportError as error:
        raise _Misuse("%s. Remedy: %s" % (error, REMEDY)) from None
    try:
        return command.report(arguments.records, arguments.format, arguments.output)
    except command.Refused as refused:
        raise _Misuse("\nlabproof: ".join(refused.reasons)) from None


def _handout(arguments):
    try:
        from labproof.report import handout
    except ImportError as error:
        raise _Misuse("%s. Remedy: %s" % (error, REMEDY)) from None
    try:
        return handout.command(arguments.ledger, arguments.output, arguments.check)
    except handout.LedgerError as error:
        raise _Misuse("\nlabproof: ".join(error.violations)) from None


def _parts(arguments):
    from labproof.parts import command
    from labproof.run import SparkNotFound

    try:
        if arguments.deed == "fetch":
            return command.fetch(arguments.names, arguments.all)
        if arguments.deed == "serve":
            return command.serve(arguments.name)
        return command.listing()
    except (command.Refused, SparkNotFound) as refused:
        raise _Misuse(str(refused)) from None
