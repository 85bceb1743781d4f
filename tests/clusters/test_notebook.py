"""Slides 39 and 40: notebooks in a browser that hold their Spark on a Hadoop cluster, which has room for one of them.

A real JupyterLab with lab 3's notebook in it, Chromium without a window, and Hadoop's YARN and HDFS. The tests tell one
story, in this order: a fixture does each step when the first test asks for it.
"""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections import namedtuple
from contextlib import contextmanager, suppress
from urllib.request import Request, urlopen

import pytest
from pyspark.sql import Row
from yarn_rest import has_ended, newest, state

from labproof.waiting import wait_until

pytestmark = pytest.mark.slow_start

NOTEBOOK = "labs/lab3/lab3.ipynb"
OTHER = "labs/lab3/other.ipynb"

IN_FRONT = ".jp-NotebookPanel:not(.lm-mod-hidden) "
OUTPUT = ".jp-OutputArea-output"

# A node has 2 GB; while one executor of this size runs, there is no room for another one beside the masters.
ROOM_FOR_ONE = ["--num-executors 1", "--executor-memory 1400m"]
# Spark waits a while for its executors, and another while before it says so.
WITHOUT_PATIENCE = [
    "--conf spark.scheduler.maxRegisteredResourcesWaitingTime=0s",
    "--conf spark.starvation.timeout=1s",
]


@pytest.fixture(scope="module")
def hadoop(own_part):
    """The cluster, as the part yields it."""
    # Before it is started for nothing.
    pytest.importorskip(
        "jupyterlab", reason="needs JupyterLab 4, for Python 3.8 and later: pip install 'labproof[parts]'"
    )
    with own_part("hadoop") as cluster:
        yield cluster


SAYS_IT_WAITS = "Initial job has not accepted any resources; check your cluster UI"


class Jupyter:
    """A JupyterLab server, by its address and token."""

    def __init__(self, url, token):
        """``url`` ends with a slash."""
        self.url = url
        self.token = token

    def page(self, notebook):
        """The address of a notebook's page, in a workspace of its own: a known one opens with all that was open."""
        return "%slab/workspaces/%s/tree/%s?token=%s" % (self.url, secrets.token_hex(4), notebook, self.token)

    def running(self):
        """The notebooks that have a kernel."""
        request = Request(self.url + "api/sessions", headers={"Authorization": "token " + self.token})
        with urlopen(request) as answer:
            return [session["path"] for session in json.loads(answer.read().decode("utf-8"))]


@pytest.fixture(scope="module")
def jupyter(attendee_of_module, hadoop, tmp_path_factory):
    """JupyterLab in the course's folder, whose notebooks get their Spark from YARN: nearly all of its memory."""
    # From the folder of lab 3 the notebook asks for ../../data/README.md; in HDFS that is seen from the home folder.
    attendee_of_module.environ.update(HADOOP_CONF_DIR=hadoop["conf"], SPARK_CONF_DIR=hadoop["conf"])
    attendee_of_module.run([os.path.join(hadoop["bin"], "hdfs"), "dfs", "-put", "data", "/data"])
    shutil.copy(str(attendee_of_module.folder / NOTEBOOK), str(attendee_of_module.folder / OTHER))
    folder = tmp_path_factory.mktemp("jupyter")
    token = secrets.token_hex(16)
    environ = dict(
        attendee_of_module.environ,
        JUPYTER_TOKEN=token,
        PYSPARK_SUBMIT_ARGS=" ".join(["--master yarn"] + ROOM_FOR_ONE + WITHOUT_PATIENCE + ["pyspark-shell"]),
    )
    # In a kernel that sees this, cells do not show what Java says.
    environ.pop("PYTEST_CURRENT_TEST", None)
    for name in "CONFIG", "DATA", "RUNTIME":
        environ["JUPYTER_%s_DIR" % name] = str(folder / name.lower())
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    command += ["--LabApp.extension_manager=readonly"] + (["--allow-root"] if os.getuid() == 0 else [])
    with open(str(folder / "log"), "wb") as log:
        server = subprocess.Popen(command, cwd=str(attendee_of_module.folder), env=environ, stdout=log, stderr=log)
    try:
        written = folder / "runtime" / ("jpserver-%d.json" % server.pid)

        def url():
            # JupyterLab writes the file in place: at first it is empty.
            with suppress(FileNotFoundError, ValueError):
                return json.loads(written.read_text())["url"]

        yield Jupyter(wait_until(url, "JupyterLab", timeout=180), token)
    finally:
        server.terminate()
        server.wait()


def _text_of(element):
    # Of what is scrolled out of sight, too.
    return element and element.get_property("textContent").strip()


class Page:
    """JupyterLab in a browser, and what a user does there."""

    def __init__(self, driver):
        """``driver`` is selenium's."""
        self._driver = driver

    def _soon(self, action, timeout=300):
        """What the action returns as soon as it can be done: the page is still building itself."""
        from selenium.common import exceptions
        from selenium.webdriver.support.ui import WebDriverWait

        too_early = [exceptions.StaleElementReferenceException, exceptions.ElementNotInteractableException]
        too_early.append(exceptions.ElementClickInterceptedException)
        return WebDriverWait(self._driver, timeout, 0.05, too_early).until(lambda _: action())

    def appears(self, selector):
        """Wait until there is an element of this CSS selector."""
        self._soon(lambda: self._find(selector, ""))

    def _find(self, selector, text):
        shown = self._driver.find_elements("css selector", selector)
        return next((element for element in shown if _text_of(element).startswith(text)), None)

    def text(self, selector, text):
        """The whole text of the first element of this CSS selector whose text begins so."""
        from selenium.common.exceptions import TimeoutException

        try:
            return self._soon(lambda: _text_of(self._find(selector, text)))
        except TimeoutException as error:
            raise AssertionError("%r did not appear; cells say: %s" % (text, self.all_output())) from error

    def all_output(self):
        """The text of all outputs of all cells."""
        return "".join(map(_text_of, self._driver.find_elements("css selector", IN_FRONT + OUTPUT)))

    def click(self, selector, text=""):
        """Click on the first element of this CSS selector whose text begins so."""
        from selenium.webdriver import ActionChains

        def clicked():
            element = self._find(selector, text)
            if element is not None:
                # Some buttons are there only while the mouse is.
                ActionChains(self._driver).move_to_element(element).perform()
                element.click()
            return element is not None

        self._soon(clicked)

    def press(self, *keys):
        """Press these keys together."""
        from selenium.webdriver import ActionChains

        chain = ActionChains(self._driver)
        for key in keys:
            chain.key_down(key)
        for key in keys:
            chain.key_up(key)
        chain.perform()

    def run_cells(self, number):
        """Shift and Enter in each of the first so many cells with code, when the one before has been taken."""
        from selenium.common.exceptions import TimeoutException
        from selenium.webdriver import Keys

        self.appears(IN_FRONT + ".jp-Notebook-ExecutionIndicator[data-status='idle']")
        for n in range(number):
            cell = IN_FRONT + "[data-windowed-list-index='%d'].jp-CodeCell" % (n + 1)

            def has_been_taken(prompt=cell + " .jp-InputPrompt"):
                return re.match(r"\[(\*|\d+)\]:", _text_of(self._find(prompt, "[")) or "")

            while not has_been_taken():
                # While the page builds itself, keys get lost.
                self.click(cell)
                self.press(Keys.SHIFT, Keys.ENTER)
                with suppress(TimeoutException):
                    self._soon(has_been_taken, timeout=5)

    def shut_down_in_running_tab(self, name):
        """The tab of what is running, and there the button beside the notebook of this name."""
        self.click("li[data-id='jp-running-sessions']")
        self.click("#jp-running-sessions .jp-mod-kernel[data-context]:has([title^='%s: ']) [title='Shut Down']" % name)

    def close_and_shut_down(self):
        """File, Close and Shut Down Notebook, and yes."""
        self.click(".lm-MenuBar-item", "File")
        self.click(".lm-Menu-item", "Close and Shut Down Notebook")
        self.click(".jp-Dialog .jp-mod-accept")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Opens Chromium on a page of JupyterLab: ``with browser(address) as page``."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium: pip install 'labproof[parts]'")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("needs Chromium and its driver: apt-get install chromium chromium-driver")

    @contextmanager
    def open_browser(address):
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        options.add_argument("--headless=new")
        options.add_argument("--window-size=1400,1000")
        options.add_argument("--user-data-dir=%s" % tmp_path_factory.mktemp("chromium"))
        options.add_argument("--disable-background-networking")
        options.add_argument("--disable-dev-shm-usage")
        if os.getuid() == 0:
            options.add_argument("--no-sandbox")
        chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=driver))
        try:
            chrome.get(address)
            yield Page(chrome)
        finally:
            chrome.quit()

    return open_browser


Forgotten = namedtuple("Forgotten", "answer application running state")


@pytest.fixture(scope="module")
def forgotten(hadoop, jupyter, browser):
    """A notebook was run in the browser and the browser closed; its answer, and what it held from then on."""
    with browser(jupyter.page(NOTEBOOK)) as page:
        page.run_cells(5)
        answer = page.text(IN_FRONT + OUTPUT, "[Row(w=")
    name = newest(hadoop)
    return Forgotten(answer, name, jupyter.running(), state(hadoop, name))


@pytest.mark.claim("modes.notebook")
def test_a_notebook_in_the_browser_shows_what_its_cells_answer(forgotten, data):
    words = (data / "README.md").read_text(encoding="utf-8").split()
    shown = [(row.w, row["count"]) for row in eval(forgotten.answer, {"Row": Row}) if row.w]
    assert len(shown) in (9, 10)
    assert shown == [(word, words.count(word)) for word, _ in shown]


@pytest.mark.claim("notebook.holds")
def test_with_the_browser_closed_it_still_holds_its_master_and_its_executor(forgotten):
    assert forgotten.running == [NOTEBOOK]
    assert forgotten.state == ("RUNNING", 2)


@pytest.fixture(scope="module")
def second(forgotten, hadoop, jupyter, browser):
    """What happens to a second notebook, to the first when it is shut down from outside, to the second from inside."""
    first = forgotten.application
    seen = {}
    with browser(jupyter.page(OTHER)) as page:
        page.run_cells(5)
        wait_until(lambda: SAYS_IT_WAITS in page.all_output(), "what Spark says of the wait", timeout=300)
        name = newest(hadoop)
        seen["while both are open"] = state(hadoop, first), state(hadoop, name)
        page.shut_down_in_running_tab("lab3.ipynb")
        wait_until(lambda: has_ended(hadoop, first), "the end of the first application")
        wait_until(lambda: jupyter.running() == [OTHER], "the end of the first notebook")
        seen["the first, shut down"] = state(hadoop, first)
        seen["answer"] = page.text(IN_FRONT + OUTPUT, "[Row(w=")
        seen["with room"] = state(hadoop, name)
        page.close_and_shut_down()
        wait_until(lambda: has_ended(hadoop, name), "the end of the second application", timeout=300)
        wait_until(lambda: jupyter.running() == [], "the end of the second notebook")
        seen["the second, closed and shut down"] = state(hadoop, name)
    return seen


@pytest.mark.claim("notebook.holds")
def test_a_second_notebook_waits_for_the_one_that_nobody_looks_at_any_more(second):
    assert second["while both are open"] == (("RUNNING", 2), ("RUNNING", 1))


@pytest.mark.claim("notebook.holds")
def test_shut_down_in_the_tab_of_what_runs_it_gives_back_what_it_held(second):
    assert second["the first, shut down"][0] == "FINISHED"
    assert second["answer"].startswith("[Row(w=")
    assert second["with room"] == ("RUNNING", 2)


@pytest.mark.claim("notebook.holds")
def test_closed_and_shut_down_from_inside_it_gives_back_what_it_held(second):
    assert second["the second, closed and shut down"][0] == "FINISHED"
