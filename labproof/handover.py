"""Files by which the processes of a run tell each other something."""

import json
import os

#: A JVM that keeps dying has a cause that another one would meet too.
MOST_JVMS = 5


def write(folder, name, content):
    """Write a file that others wait for: they see it whole or not at all."""
    path = os.path.join(folder, name + ".json")
    with open(path + ".new", "w", encoding="utf-8") as stream:
        json.dump(content, stream)
    os.replace(path + ".new", path)


def read_json(path):
    """The content of a file, None if it isn't there."""
    try:
        with open(path, encoding="utf-8") as stream:
            return json.load(stream)
    except FileNotFoundError:
        return None
