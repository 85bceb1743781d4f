"""Slides 39 and 40: a notebook in a browser that holds its Spark on a Hadoop cluster.

A real JupyterLab with lab 3's notebook in it, Chromium without a window, and Hadoop's YARN and HDFS.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
from contextlib import contextmanager
from urllib.request import Request, urlopen

import pytest
from pyspark.sql import Row
from yarn_rest import newest, state

from labproof.waiting import wait_until

pytestmark = pytest.mark.slow_start

NOTEBOOK = "labs/lab3/lab3.ipynb"

# JupyterLab opens again what was open; in front is the notebook of the address.
IN_FRONT = ".jp-NotebookPanel:not(.lm-mod-hidden) "
OUTPUT = ".jp-OutputArea-output"


class Jupyter:
    """A JupyterLab server, by its address and token."""

    def __init__(self, url, token):
        """``url`` ends with a slash."""
        self.url = url
        self.token = token

    def page(self, notebook):
        """The address of a notebook's page."""
        return "%slab/tree/%s?token=%s" % (self.url, notebook, self.token)

    def running(self):
        """The notebooks that have a kernel."""
        request = Request(self.url + "api/sessions", headers={"Authorization": "token " + self.token})
        with urlopen(request) as answer:
            return [session["path"] for session in json.loads(answer.read().decode("utf-8"))]


@pytest.fixture(scope="module")
def jupyter(attendee_of_module, hadoop, tmp_path_factory):
    """JupyterLab in the course's folder, whose notebooks get their Spark from YARN."""
    pytest.importorskip("jupyterlab", reason="needs JupyterLab: pip install 'labproof[parts]'")
    # From the folder of lab 3 the notebook asks for ../../data/README.md; in HDFS that is seen from the home folder.
    attendee_of_module.environ.update(HADOOP_CONF_DIR=hadoop["conf"], SPARK_CONF_DIR=hadoop["conf"])
    attendee_of_module.run([os.path.join(hadoop["bin"], "hdfs"), "dfs", "-put", "data", "/data"])
    folder = tmp_path_factory.mktemp("jupyter")
    token = secrets.token_hex(16)
    environ = dict(
        attendee_of_module.environ,
        JUPYTER_TOKEN=token,
        PYSPARK_SUBMIT_ARGS="--master yarn --num-executors 1 pyspark-shell",
    )
    for name in "CONFIG", "DATA", "RUNTIME":
        environ["JUPYTER_%s_DIR" % name] = str(folder / name.lower())
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    command += ["--LabApp.extension_manager=readonly"] + (["--allow-root"] if os.getuid() == 0 else [])
    with open(str(folder / "log"), "wb") as log:
        server = subprocess.Popen(command, cwd=str(attendee_of_module.folder), env=environ, stdout=log, stderr=log)
    try:
        written = folder / "runtime" / ("jpserver-%d.json" % server.pid)
        wait_until(written.exists, "JupyterLab", timeout=180)
        yield Jupyter(json.loads(written.read_text())["url"], token)
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

    def _soon(self, action):
        """What the action returns as soon as it can be done: the page is still building itself."""
        from selenium.common import exceptions
        from selenium.webdriver.support.ui import WebDriverWait

        too_early = [exceptions.StaleElementReferenceException, exceptions.ElementNotInteractableException]
        too_early.append(exceptions.ElementClickInterceptedException)
        return WebDriverWait(self._driver, 300, 0.05, too_early).until(lambda _: action())

    def appears(self, selector):
        """Wait until there is an element of this CSS selector."""
        self._soon(lambda: self._find(selector, ""))

    def _find(self, selector, text):
        shown = self._driver.find_elements("css selector", selector)
        return next((element for element in shown if _text_of(element).startswith(text)), None)

    def text(self, selector, text):
        """The whole text of the first element of this CSS selector whose text begins so."""
        return self._soon(lambda: _text_of(self._find(selector, text)))

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
        from selenium.webdriver import Keys

        self.appears(IN_FRONT + ".jp-Notebook-ExecutionIndicator[data-status='idle']")
        for n in range(number):
            cell = IN_FRONT + "[data-windowed-list-index='%d'].jp-CodeCell" % (n + 1)
            self.click(cell)
            self.press(Keys.SHIFT, Keys.ENTER)
            self._soon(lambda prompt=cell + " .jp-InputPrompt": self._find(prompt, "[ ]:") is None)


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


@pytest.fixture(scope="module")
def forgotten(hadoop, jupyter, browser):
    """A notebook was run in the browser and the browser closed; its answer, and its application."""
    with browser(jupyter.page(NOTEBOOK)) as page:
        page.run_cells(5)
        answer = page.text(IN_FRONT + OUTPUT, "[Row(w=")
    return answer, newest(hadoop)


@pytest.mark.claim("modes.notebook")
def test_a_notebook_in_the_browser_shows_what_its_cells_answer(forgotten, data):
    answer, _ = forgotten
    words = (data / "README.md").read_text(encoding="utf-8").split()
    shown = [(row.w, row["count"]) for row in eval(answer, {"Row": Row}) if row.w]
    assert len(shown) in (9, 10)
    assert shown == [(word, words.count(word)) for word, _ in shown]


@pytest.mark.claim("notebook.holds")
def test_with_the_browser_closed_it_still_holds_its_master_and_its_executor(forgotten, hadoop, jupyter):
    _, name = forgotten
    assert jupyter.running() == [NOTEBOOK]
    assert state(hadoop, name) == ("RUNNING", 2)
