"""What YARN tells by its REST interface; ``hadoop`` is what the part yields."""

from labproof.parts.hadoop import get_json


def applications(hadoop):
    """All applications that YARN has seen, the oldest first, each a dict."""
    found = get_json(hadoop["resourcemanager"] + "/ws/v1/cluster/apps")["apps"]
    return sorted(found["app"] if found else [], key=lambda app: app["startedTime"])


def newest(hadoop):
    """The id of the application that was submitted last."""
    return applications(hadoop)[-1]["id"]


def state(hadoop, name):
    """The state of the application with this id, and how many containers it has."""
    [app] = [app for app in applications(hadoop) if app["id"] == name]
    return app["state"], app["runningContainers"]


def has_ended(hadoop, name):
    """Whether the application with this id is over."""
    return state(hadoop, name)[0] in ("FINISHED", "KILLED", "FAILED")


def running(hadoop):
    """The user, kind and name of each application that is running, the oldest first."""
    found = [app for app in applications(hadoop) if app["state"] == "RUNNING"]
    return [(app["user"], app["applicationType"], app["name"]) for app in found]
