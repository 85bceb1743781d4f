"""Lab 2 as it is meant: its lines typed at the pyspark prompt, and what the prompt answers."""

import re
from collections import Counter

import pexpect
import pyspark
import pytest

pytestmark = pytest.mark.slow_start

PROMPT = ">>> "


@pytest.fixture(scope="module")
def shell(attendee_of_module):
    """The prompt from its start to its end: ``banner``, ``answers`` by the line typed."""
    # A plain terminal and Python's plain prompt: the answers come without colours.
    attendee_of_module.environ.update(TERM="dumb", PYTHON_BASIC_REPL="1")
    # Without its web page Spark 3.1 to 3.3 does not come to the end of its greeting.
    attendee_of_module.environ["SPARK_SUBMIT_OPTS"] += " -Dspark.ui.enabled=true -Dspark.ui.port=0"
    shell = attendee_of_module.spawn("pyspark", lab="lab2")
    shell.expect_exact(PROMPT)
    shell.banner = shell.before
    shell.answers = {}
    lines = (attendee_of_module.folder / "labs" / "lab2" / "lines.txt").read_text(encoding="utf-8").splitlines()
    for line in [*lines, "spark.sparkContext is sc", "sc.version"]:
        shell.sendline(line)
        shell.expect_exact(line + "\r\n")
        shell.expect_exact(PROMPT)
        shell.answers[line] = shell.before.replace("\r\n", "\n").rstrip("\n")
    shell.sendeof()
    shell.expect(pexpect.EOF)
    shell.close()
    return shell


@pytest.fixture(scope="module")
def answers(shell):
    return shell.answers


@pytest.fixture(scope="module")
def text(attendee_of_module):
    return (attendee_of_module.folder / "data" / "README.md").read_text(encoding="utf-8")


@pytest.mark.claim("lab2.longest-line")
def test_the_prompt_answers_with_the_length_of_the_longest_line(answers, text):
    longest = max(len(line.split()) for line in text.split("\n"))
    assert answers["ll.reduce(lambda a, b: a if (a > b) else b)"] == str(longest)


@pytest.mark.claim("lab2.word-count")
def test_the_prompt_prints_every_word_with_its_count(answers, text, record_property):
    record_property("printed", "\n".join("%s%s\n%s" % (PROMPT, line, answer) for line, answer in answers.items()))
    printed = answers['print("\\n".join(map(lambda x: "{} -> {}".format(*x), result.collect())))'].split("\n")
    assert sorted(printed) == sorted("%s -> %d" % count for count in Counter(text.split()).items())


@pytest.mark.claim("lab2.broadcast")
def test_the_prompt_shows_the_broadcast_list_and_tasks_find_it(answers):
    assert answers["b.value"] == "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]"
    assert answers["distData.filter(lambda x: x in b.value).count()"] == "10"


@pytest.mark.claim("lab2.accumulator")
def test_the_prompt_shows_what_the_tasks_have_added(answers):
    assert answers["sc.parallelize(list(range(5))).foreach(lambda x: a.add(x))"] == ""
    assert answers["a.value"] == "10"


@pytest.mark.claim("modes.prompt")
def test_transformations_and_assignments_answer_nothing(answers):
    assert {line: answer for line, answer in answers.items() if re.match(r"\w+ = ", line) and answer} == {}


@pytest.mark.claim("modes.prompt")
def test_the_prompt_greets_with_its_release_and_brings_spark_and_sc(shell):
    assert "version %s" % pyspark.__version__ in shell.banner
    assert "SparkSession available as 'spark'" in shell.banner
    assert shell.answers["spark.sparkContext is sc"] == "True"
    assert shell.answers["sc.version"] == repr(pyspark.__version__)


@pytest.mark.claim("modes.prompt")
def test_ctrl_d_ends_the_prompt(shell):
    assert shell.exitstatus == 0
