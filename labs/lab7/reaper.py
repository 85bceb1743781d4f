"""Lab 7, slide 39: ends the PySpark applications on YARN that have been running for more than three hours.

python reaper.py             says which of yours it would end
python reaper.py --end       ends them

YARN keeps no note of the language. PySpark is told by its name: that of the prompt, of a notebook that has not chosen
another one, or of a program, which ends in .py; --name adds a pattern for programs that choose their own.
"""

import argparse
import getpass
import json
import os
import re
import sys
from fnmatch import fnmatchcase
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen
from xml.etree import ElementTree

# The prompt, a notebook, a program.
NAMES = ["PySparkShell", "pyspark-shell", "*.py"]

SECONDS = {"s": 1, "m": 60, "h": 3600}


def seconds(text):
    """``3h``, ``90m`` or ``45s`` in seconds; also ``1.5h``. Raises ValueError if it is none of these."""
    found = re.match(r"(\d+(?:\.\d+)?)([smh])$", text)
    if not found:
        raise ValueError("%r is not an age like 3h, 90m or 45s" % text)
    return float(found.group(1)) * SECONDS[found.group(2)]


def resource_manager(environ):
    """The address of YARN's web interface from the files in HADOOP_CONF_DIR. Raises ValueError if it is not there."""
    folder = environ.get("YARN_CONF_DIR") or environ.get("HADOOP_CONF_DIR")
    if not folder:
        raise ValueError("where is YARN? Set HADOOP_CONF_DIR, or name it: --yarn http://HOST:8088")
    try:
        root = ElementTree.parse(os.path.join(folder, "yarn-site.xml")).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise ValueError("cannot read yarn-site.xml in %s: %s" % (folder, error)) from error
    site = {item.findtext("name"): item.findtext("value") for item in root.iter("property")}
    host = site.get("yarn.resourcemanager.hostname", "localhost")
    return "http://" + site.get("yarn.resourcemanager.webapp.address", host + ":8088")


def applications(yarn):
    """What YARN says of each application that is running, as a dict."""
    with urlopen(
        Request(yarn + "/ws/v1/cluster/apps?states=RUNNING", headers={"Accept": "application/json"})
    ) as answer:
        found = json.loads(answer.read().decode("utf-8"))["apps"]
    return found["app"] if found else []


def age(application):
    """For how many seconds it has been running, by YARN's own clock; the time it waited in the queue is not counted."""
    waited = application.get("launchTime", application["startedTime"]) - application["startedTime"]
    return (application["elapsedTime"] - max(waited, 0)) / 1000.0


def is_pyspark(application, names):
    """Whether it is Spark's, and its name matches one of these patterns."""
    return application["applicationType"] == "SPARK" and any(fnmatchcase(application["name"], name) for name in names)


def too_old(running, user, limit, names=NAMES):
    """Of these applications the user's PySpark ones that are older than ``limit`` seconds, the oldest first."""
    found = [app for app in running if app["user"] == user and is_pyspark(app, names) and age(app) > limit]
    return sorted(found, key=age, reverse=True)


def end(yarn, application):
    """Ask YARN to end it."""
    address = "%s/ws/v1/cluster/apps/%s/state?user.name=%s" % (yarn, application["id"], quote(getpass.getuser()))
    body = json.dumps({"state": "KILLED"}).encode("ascii")
    urlopen(Request(address, body, {"Content-Type": "application/json"}, method="PUT")).close()


def main(arguments=None):
    """Name the applications that are too old, and end them if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--end", action="store_true", help="end them; without it they are only named")
    parser.add_argument("--older-than", default="3h", metavar="AGE", help="3h, 90m, 45s (default: %(default)s)")
    parser.add_argument("--user", default=getpass.getuser(), help="whose applications (default: %(default)s)")
    parser.add_argument("--name", action="append", default=[], help="take those named like this for PySpark, too")
    parser.add_argument("--yarn", metavar="URL", help="YARN's web interface (default: as HADOOP_CONF_DIR says)")
    options = parser.parse_args(arguments)
    try:
        limit = seconds(options.older_than)
        yarn = (options.yarn or resource_manager(os.environ)).rstrip("/")
        old = too_old(applications(yarn), options.user, limit, NAMES + options.name)
        for application in old:
            if options.end:
                end(yarn, application)
            print(
                "%s %s, %s of %s, running for %.1f h"
                % (
                    "ended" if options.end else "would end",
                    application["id"],
                    application["name"],
                    application["user"],
                    age(application) / 3600,
                )
            )
    except HTTPError as error:
        sys.exit("reaper.py: %s refuses: %s" % (yarn, error))
    except URLError as error:
        sys.exit("reaper.py: nobody answers at %s: %s" % (yarn, error.reason))
    except ValueError as error:
        sys.exit("reaper.py: %s" % error)
    if not old:
        print("no PySpark application of %s is older than %s" % (options.user, options.older_than))
    elif not options.end:
        print("Nothing was ended: say --end to do it.")


if __name__ == "__main__":
    main()
