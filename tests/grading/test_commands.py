"""nbgrader's own commands work in a copy of the repository, from source notebook to exported marks."""

import csv
import getpass
import re

import nbformat
import pytest

from tests.exercises.notebooks import is_graded, read
from tests.exercises.right_answers import PARTS
from tests.grading.course import NAME, Course, answered, environment, solutions


class Term:
    """One assignment's way through a term; `said` has what each command printed."""

    def __init__(self, folder):
        self.course = course = Course(folder / "course")
        self.fresh = not (course.folder / "classroom").exists()
        self.student = folder / "student"
        self.student.mkdir()
        self.user = getpass.getuser()
        exchange = f"--Exchange.root={course.folder}/classroom/exchange"
        as_student = {"cwd": self.student}

        self.said = said = {}
        said["generate_assignment"] = course.nbgrader("generate_assignment", NAME)
        said["release_assignment"] = course.nbgrader("release_assignment", NAME)
        said["list"] = course.nbgrader("list")
        course.env = environment(folder / "student-home")
        course_id = ("--course", "backpropagation", exchange)
        said["fetch_assignment"] = course.nbgrader("fetch_assignment", NAME, *course_id, **as_student)
        self.path = self.student / NAME / f"{NAME}.ipynb"
        self.fetched = read(self.path)
        said["validate as fetched"] = course.nbgrader("validate", str(self.path), **as_student)
        nbformat.write(answered(self.fetched, solutions(), explain="Because σ′ is small."), self.path)
        said["validate"] = course.nbgrader("validate", str(self.path), **as_student)
        said["submit"] = course.nbgrader("submit", NAME, *course_id, **as_student)
        course.env = environment(course.home)
        said["list --inbound"] = course.nbgrader("list", "--inbound")
        said["collect"] = course.nbgrader("collect", NAME)
        said["autograde"] = course.nbgrader("autograde", NAME)
        said["generate_feedback"] = course.nbgrader("generate_feedback", NAME)
        said["release_feedback"] = course.nbgrader("release_feedback", NAME)
        said["export"] = course.nbgrader("export")
        course.env = environment(folder / "student-home")
        said["fetch_feedback"] = course.nbgrader("fetch_feedback", NAME, *course_id, **as_student)
        course.env = environment(course.home)


@pytest.fixture(scope="module")
def term(tmp_path_factory):
    return Term(tmp_path_factory.mktemp("term"))


def test_everything_is_made_at_run_time(term):
    assert term.fresh
    made = {path.name for path in (term.course.folder / "classroom").iterdir()}
    assert made == {"release", "submitted", "autograded", "feedback", "exchange", "gradebook.db"}


def test_nothing_else_is_written(term):
    names = {path.name for path in term.course.folder.iterdir()} - {"grading", "__pycache__", ".nbgrader.log"}
    assert names == {"classroom", "grades.csv", "nbgrader_config.py", "solutions"}


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("generate_assignment", rf"Writing \d+ bytes to .*classroom/release/{NAME}/{NAME}.ipynb"),
        ("release_assignment", rf"Released as: backpropagation {NAME}"),
        ("list", rf"backpropagation {NAME}"),
        ("fetch_assignment", rf"Fetched as: backpropagation {NAME}"),
        ("submit", rf"Submitted as: backpropagation {NAME} \d{{4}}-"),
        ("list --inbound", rf"backpropagation USER {NAME} \d{{4}}-"),
        ("collect", rf"Collecting submission: USER {NAME}"),
        ("autograde", rf"Autograding .*classroom/autograded/USER/{NAME}/{NAME}.ipynb"),
        ("generate_feedback", rf"Writing \d+ bytes to .*classroom/feedback/USER/{NAME}/{NAME}.html"),
        (
            "release_feedback",
            rf"Releasing feedback for student 'USER' on assignment 'backpropagation/{NAME}/",
        ),
        ("export", "Exporting grades to grades.csv"),
        ("fetch_feedback", rf"Fetched feedback: .*/{NAME}.html"),
    ],
)
def test_command_says_what_it_did(term, command, words):
    assert re.search(words.replace("USER", term.user), term.said[command]), term.said[command]


def test_marks(term):
    with (term.course.folder / "grades.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["student_id"], row["score"], row["max_score"]) == (term.user, "85.0", "100.0")


def test_feedback_comes_back(term):
    (page,) = (term.student / NAME / "feedback").rglob("*.html")
    assert "Score: 85.0 / 100.0" in page.read_text()


def test_validate_names_the_cells_that_fail(term):
    """Its exit status is 0 all the same, which nbgrader means so."""
    graded = [cell for cell in term.fetched.cells if is_graded(cell)]
    said = term.said["validate as fetched"]
    assert f"VALIDATION FAILED ON {len(graded)} CELL(S)!" in said
    for part in PARTS:
        assert f"NotImplementedError: {part} is not written yet" in said
    assert "You did not provide a response." in said


def test_validate_after_the_work(term):
    assert "Success! Your notebook passes all the tests." in term.said["validate"]


@pytest.mark.parametrize(
    "command", ["generate_assignment", "release_assignment", "autograde", "generate_feedback"]
)
def test_unknown_assignment(term, command):
    said = term.course.nbgrader(command, "worked_exampel", fails=True)
    assert re.search(
        r"(ERROR|CRITICAL)\] (No notebooks were matched by|Assignment not found).*worked_exampel", said
    ), said
    assert not re.search("Traceback", said)
