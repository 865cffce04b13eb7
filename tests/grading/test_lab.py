"""JupyterLab in a copy of the repository has nbgrader's tools, and they know the exercises."""

import json
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.exercises.notebooks import is_test, read
from tests.grading.course import NAME, Course

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NOTEBOOK = f"classroom/release/{NAME}/{NAME}.ipynb"
TOOLS = ["formgrader", "assignment_list", "validate_assignment", "course_list"]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Lab:
    """A running JupyterLab server and the course that it shows."""

    def __init__(self, folder):
        self.course = Course(folder)
        self.course.nbgrader("generate_assignment", NAME)
        self.course.nbgrader("release_assignment", NAME)
        self.url = f"http://127.0.0.1:{free_port()}"
        self.token = secrets.token_hex(16)
        self.log = self.course.folder.with_name("lab.log")
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [
                    Path(sys.executable).with_name("jupyter"),
                    "lab",
                    "--no-browser",
                    "--allow-root",
                    f"--port={self.url.rpartition(':')[2]}",
                    "--ServerApp.port_retries=0",
                    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
                    "--LabApp.news_url=None",
                    f"--IdentityProvider.token={self.token}",
                ],
                cwd=self.course.folder,
                env=self.course.env,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait(self):
        for _ in range(600):
            assert self.process.poll() is None, self.log.read_text()
            try:
                return self.get("/api/status")
            except urllib.error.URLError:
                time.sleep(0.1)
        raise TimeoutError(self.log.read_text())

    def request(self, path, data=None, token=None):
        headers = {"Authorization": f"token {self.token if token is None else token}"}
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(self.url + path, body, headers)
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.read().decode()

    def get(self, path):
        return json.loads(self.request(path))

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("lab") / "course")
    try:
        lab.wait()
        yield lab
    finally:
        lab.stop()


def test_server_extensions(lab):
    said = lab.course.run("jupyter", "server", "extension", "list")
    for tool in TOOLS:
        assert re.search(rf"nbgrader\.server_extensions\.{tool}\S* .*enabled", said), said
        assert re.search(rf"nbgrader\.server_extensions\.{tool}\b.* .*OK", said), said


def test_lab_extension(lab):
    said = lab.course.run("jupyter", "labextension", "list")
    assert re.search(r"@jupyter/nbgrader v\S+ .*enabled.*OK", said), said


def test_formgrader_page(lab):
    assert "<title>nbgrader formgrade</title>" in lab.request("/formgrader")
    assert "Manage Assignments" in lab.request("/formgrader/manage_assignments")


def test_formgrader_knows_the_assignment(lab):
    (assignment,) = lab.get("/formgrader/api/assignments")
    assert assignment["name"] == NAME
    assert assignment["status"] == "released"
    assert assignment["max_score"] == 100.0
    assert assignment["max_code_score"] == 85.0
    assert assignment["max_written_score"] == 15.0
    assert assignment["source_path"] == f"solutions/{NAME}"
    assert assignment["release_path"] == f"classroom/release/{NAME}"
    assert assignment["releaseable"]


def test_formgrader_marks_and_writes_feedback(lab):
    """The buttons of Formgrader, the feedback of which needs this repository's preprocessor."""
    lab.course.hand_in("ada", lab.course.release())
    for action in (f"submission/{NAME}/ada/autograde", f"assignment/{NAME}/ada/generate_feedback"):
        reply = json.loads(lab.request(f"/formgrader/api/{action}", {}))
        assert reply["success"], reply
    page = lab.course.path("feedback", "ada", ".html").read_text()
    assert "Score: 0.0 / 100.0" in page
    assert "HIDDEN TESTS" not in page


def test_assignment_list(lab):
    reply = lab.get("/assignments?course_id=backpropagation")
    assert reply["success"]
    (assignment,) = reply["value"]
    assert (assignment["assignment_id"], assignment["status"]) == (NAME, "released")
    assert lab.get("/courses") == {"success": True, "value": ["backpropagation"]}


def test_validate(lab):
    reply = json.loads(lab.request("/assignments/validate", {"path": NOTEBOOK}))
    assert reply["success"], reply
    failed = [cell["error"] for cell in reply["value"]["failed"]]
    tests = sum(map(is_test, read(lab.course.folder / NOTEBOOK).cells))
    assert sum("NotImplementedError" in error for error in failed) == tests
    assert "You did not provide a response." in failed


@pytest.mark.parametrize("path", ["/formgrader/api/assignments", "/assignments?course_id=backpropagation"])
def test_without_the_token_there_is_only_the_login_page(lab, path):
    page = lab.request(path, token="wrong")
    assert "Token authentication is enabled" in page
    assert NAME not in page


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no chromium here: the tests of JupyterLab's pages need it")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as p:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = p.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page(lab, browser):
    """JupyterLab, opened and ready."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.set_default_timeout(60_000)
    page.goto(f"{lab.url}/lab?token={lab.token}")
    page.wait_for_selector(".jp-Launcher")
    return page


def choose(page, entry):
    page.locator(".lm-MenuBar-itemLabel", has_text="Nbgrader").click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{entry}$")).click()


def test_nbgrader_menu(page):
    page.locator(".lm-MenuBar-itemLabel", has_text="Nbgrader").click()
    page.wait_for_selector(".lm-Menu-itemLabel")
    entries = page.locator(".lm-Menu-itemLabel").all_inner_texts()
    page.keyboard.press("Escape")
    assert {"Formgrader", "Assignment List", "Create assignment"} <= set(entries)


def test_formgrader_shows_the_assignment(page):
    choose(page, "Formgrader")
    frame = page.frame_locator("iframe").first
    row = frame.locator("tr", has_text=NAME)
    row.wait_for()
    assert "released" in row.inner_text()


def test_assignment_list_shows_the_assignment(page):
    choose(page, "Assignment List")
    page.locator("#nbgrader-assignment-list, .nbgrader-assignment-list").get_by_text(NAME).first.wait_for()


def test_validate_button(page, lab):
    page.goto(f"{lab.url}/lab/tree/{NOTEBOOK}?token={lab.token}")
    page.locator(".jp-NotebookPanel-toolbar >> text=Validate").click()
    dialog = page.locator(".jp-Dialog")
    dialog.wait_for()
    assert re.search(r"failed", dialog.inner_text(), re.IGNORECASE)
