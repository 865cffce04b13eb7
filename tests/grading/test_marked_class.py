"""A class of students hands in, nbgrader marks all of them in one run: the table says what each one gets."""

import csv
import functools
import re
from copy import deepcopy
from dataclasses import dataclass, field

import nbformat
import pytest
from nbgrader.api import Gradebook

from tests.exercises.notebooks import by_id, is_graded, leaks, meta, read, secrets, strings, text_of_page
from tests.exercises.right_answers import PARTS, RIGHT, STEP, S, but, cell, only_last
from tests.exercises.wrong_answers import NAMED
from tests.grading.course import NAME, Course, answered, solutions, source

MISSING = "the cell is not there"
POINTS = {meta(cell)["grade_id"]: meta(cell)["points"] for cell in source().cells if is_graded(cell)}
# Part 8 without the others: a mistake in another part then costs that part only.
OWN = RIGHT["einsum"]["step"]
EXPLANATION = "The slope of the hidden neuron is small because it is saturated: σ′(5) = 0.00665."


@dataclass
class Student:
    """`make` turns the released notebook into what the student hands in: a notebook, or the text of a file.

    `lost` are the parts without points: part -> what the check must say. None: nothing can be marked.
    """

    make: object
    lost: dict = field(default_factory=dict)
    explains: bool = False  # the text waits for a person: it was changed, or its cell is not there
    file: str = f"{NAME}.ipynb"


def with_answers(**answers):
    """The right answers but for these parts."""
    return lambda release: answered(release, solutions() | answers)


def full(release):
    return answered(release, solutions(), explain=EXPLANATION)


def deleted(release):
    notebook = full(release)
    notebook.cells.remove(by_id(notebook, "test_output_delta"))
    return notebook


def copied(release):
    """Every cell of part 4 stands there twice, as after copying and pasting in the notebook."""
    notebook = full(release)
    for name in ("part4", "output_delta", "test_output_delta"):
        original = by_id(notebook, name)
        copy = deepcopy(original)
        copy.id = f"{name}-copy"
        notebook.cells.insert(notebook.cells.index(original) + 1, copy)
    return notebook


def edited(release):
    return answered(
        release,
        solutions() | {"output_delta": cell("output_delta", "(t - y) * slope2"), "step": OWN},
        test_output_delta="print('Part 4: passed')",
    )


def raised(release):
    """Parts 1 to 5 answered and said to be worth 1000 points each."""
    notebook = answered(release, {part: solutions()[part] for part in PARTS[:5]})
    for test in notebook.cells:
        if is_graded(test):
            meta(test)["points"] = 1000
    return notebook


def half(release):
    notebook = full(release)
    cut = notebook.cells.index(by_id(notebook, "part5"))
    notebook.cells = notebook.cells[:cut]
    return notebook


def truncated(release):
    text = nbformat.writes(full(release))
    return text[: len(text) // 2]


def unnamed(release):
    """The marks that say which cell is which are gone, as after a copy into a new notebook."""
    notebook = full(release)
    for c in notebook.cells:
        c.metadata.pop("nbgrader", None)
    return notebook


NOISY = {
    "sigmoid": "import warnings\nimport sys\n\n"
    + cell(
        "sigmoid",
        f"""
        warnings.warn("I was called")
        print("z is", z, file=sys.stderr)
        return {S}
        """,
        f"""
        np.log(np.zeros(1))
        np.sqrt(-np.ones(1))
        return {S} * (1 - {S})
        """,
    ),
    "error": "warnings.warn('this cell is mine')\nprint('to stderr', file=sys.stderr)\n"
    + solutions()["error"],
}
CURIOUS = {
    "error": cell("error", "import traceback\ntraceback.print_stack()\nreturn 0.5 * np.sum((y - t) ** 2)")
    + "print(In)\nIn",
    "grad_W2": cell("grad_W2", "raise RuntimeError(In[-1])"),
    "step": OWN,
    "hidden_delta": solutions()["hidden_delta"] + "\nraise RuntimeError(In[4])",
}
LOOSE = {"error": "### BEGIN HIDDEN TESTS\n" + solutions()["error"]}
ENDLESS = {"error": cell("error", "while True:\n    pass")}
STUBBORN = {
    "error": cell(
        "error",
        """
        while True:
            try:
                while True:
                    pass
            except BaseException:
                pass
        """,
    )
}
DEAD = {"error": cell("error", "import os\nos._exit(1)")}
NO_MODULE = {"grad_W2": "import a_module_that_nobody_has\n\n" + solutions()["grad_W2"]}
SYNTAX = {"hidden_delta": "def hidden_delta(delta2, W2, slope1)\n    return 1", "step": OWN}
IN_PLACE = {"step": only_last("step", but(STEP, ("new_W1 = W1 -", "W1 -="), ("return new_W1", "return W1")))}

STUDENTS = {
    "full": Student(full, explains=True),
    "blank": Student(
        lambda release: release,
        {part: f"{part} is not written yet" for part in PARTS},
    ),
    **{
        f"right-{style.replace(' ', '-')}": Student(functools.partial(answered, answers=answers))
        for style, answers in RIGHT.items()
    },
    # Student n makes the nth mistake of every part that names so many: one mistake each would take minutes.
    **{
        f"wrong-{n}": Student(
            with_answers(**{"step": OWN} | {p: NAMED[p][n][1] for p in PARTS if n < len(NAMED[p])}),
            {p: NAMED[p][n][0] for p in PARTS if n < len(NAMED[p])},
        )
        for n in range(max(map(len, NAMED.values())))
    },
    "noisy": Student(with_answers(**NOISY)),
    "in-place": Student(with_answers(**IN_PLACE), {"step": "step changes its argument W1 in place"}),
    # nbgrader does not put a missing cell back: no points for a right answer until a person looks.
    "deleted": Student(deleted, {"output_delta": MISSING}, explains=True),
    "copied": Student(copied, explains=True),
    "edited": Student(edited, {"output_delta": "target minus output"}),
    "raised": Student(raised, dict.fromkeys(PARTS[5:], "is not written yet")),
    # The kernel is interrupted after Execute.timeout: the test cell fails, and those after it run as always.
    "endless": Student(with_answers(**ENDLESS), {"error": "CellTimeoutError"}),
    "no-module": Student(
        with_answers(**NO_MODULE),
        {"grad_W2": "name 'grad_W2' is not defined", "step": "name 'grad_W2' is not defined"},
    ),
    "syntax": Student(with_answers(**SYNTAX), {"hidden_delta": "name 'hidden_delta' is not defined"}),
    "half": Student(half, dict.fromkeys(PARTS[4:], MISSING), explains=True),
    "curious": Student(with_answers(**CURIOUS), {"grad_W2": "removed: it quotes a test that is hidden"}),
    "loose": Student(with_answers(**LOOSE)),
    "unnamed": Student(unnamed, dict.fromkeys(PARTS, MISSING), explains=True),
    # nbgrader cannot mark these at all: it says so, ends with an error, and everybody else has their marks.
    "truncated": Student(truncated, lost=None),
    "stubborn": Student(with_answers(**STUBBORN), lost=None),
    "dead-kernel": Student(with_answers(**DEAD), lost=None),
    "renamed": Student(full, lost=None, file="worked_example(1).ipynb"),
}
MARKED = {name: student for name, student in STUDENTS.items() if student.lost is not None}
UNMARKED = [name for name in STUDENTS if name not in MARKED]
each_marked = pytest.mark.parametrize("name", MARKED)


class Class:
    """The marked class: what nbgrader printed, and the course with everything that it wrote."""

    def __init__(self, folder):
        self.course = course = Course(folder, "c.Execute.timeout = 8")
        course.nbgrader("generate_assignment", NAME)
        release = course.release()
        for name, student in STUDENTS.items():
            course.hand_in(name, student.make(release), student.file)
        self.autograde = course.nbgrader("autograde", NAME, fails=True)
        self.feedback = course.nbgrader("generate_feedback", NAME)
        course.nbgrader("export", "--to", "grades.csv")
        with Gradebook(course.database) as gradebook:
            self.totals = {s.student.id: s.score for s in gradebook.assignment_submissions(NAME)}
            self.grades = {
                name: {
                    grade.name: (grade.auto_score, grade.max_score, grade.needs_manual_grade)
                    for grade in gradebook.find_submission_notebook(NAME, NAME, name).grades
                }
                for name in MARKED
            }


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    return Class(tmp_path_factory.mktemp("class") / "course")


def expected(student):
    """The points of each autograded cell; None for a cell that is not there: it waits for a person."""
    points = {}
    for part in PARTS:
        words = student.lost.get(part)
        points[f"test_{part}"] = {None: POINTS[f"test_{part}"], MISSING: None}.get(words, 0)
    return points


def outputs(cell):
    return strings(cell.get("outputs", []))


@each_marked
def test_marks(marked, name):
    grades = marked.grades[name]
    assert {cell: points for cell, (_, points, _) in grades.items()} == POINTS
    got = {cell: score for cell, (score, *_) in grades.items() if cell != "explain"}
    assert got == expected(STUDENTS[name])
    assert marked.totals[name] == sum(score or 0 for score in got.values())
    assert [cell for cell in got if grades[cell][2]] == [cell for cell in got if got[cell] is None]


@each_marked
def test_the_explanation_waits_for_a_person_if_there_is_one(marked, name):
    score, _, waits = marked.grades[name]["explain"]
    assert waits == STUDENTS[name].explains
    assert not score


@each_marked
def test_messages(marked, name):
    """The student finds the words about each lost part in the marked notebook and in the feedback."""
    notebook = read(marked.course.path("autograded", name))
    page = text_of_page(marked.course.path("feedback", name, ".html").read_text())
    for part, words in STUDENTS[name].lost.items():
        if words != MISSING:
            assert words in page, part
            if "removed" not in words:
                assert words in outputs(by_id(notebook, f"test_{part}")), part


@each_marked
def test_feedback_has_no_hidden_test(marked, name):
    """Not more of any hidden line, at least, than the student handed in."""
    page = text_of_page(marked.course.path("feedback", name, ".html").read_text())
    handed_in = strings(read(marked.course.path("submitted", name)))
    assert leaks(page, handed_in, secrets(source(), kinds=("hidden",))) == []


def test_without_the_preprocessor_the_feedback_would_have_them(marked):
    handed_in = strings(read(marked.course.path("submitted", "curious")))
    hidden = secrets(source(), kinds=("hidden",))
    found = leaks(strings(read(marked.course.path("autograded", "curious"))), handed_in, hidden)
    assert len(found) > len(hidden) / 2
    notebook = read(marked.course.path("autograded", "curious"))
    assert leaks(outputs(by_id(notebook, "test_error")), "", hidden), "the stack quotes hidden tests"
    assert leaks(outputs(by_id(notebook, "error")), "", hidden), "the history quotes hidden tests"


def test_who_could_not_be_marked(marked):
    named = re.findall(r"error processing assignment '.*' for student '(.*)'", marked.autograde)
    assert sorted(named) == sorted(UNMARKED)
    for name in UNMARKED:
        assert not marked.course.path("autograded", name).parent.exists()
        assert not marked.course.path("feedback", name, ".html").exists()
        assert marked.totals[name] == 0


def test_export(marked):
    with (marked.course.folder / "grades.csv").open() as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert {name: float(row["score"]) for name, row in rows.items()} == marked.totals
    assert set(rows) == set(STUDENTS)
    assert {float(row["max_score"]) for row in rows.values()} == {100.0}


def test_a_person_marks_the_explanation(marked):
    """The points that a person gives are added, and come with the next export."""
    with Gradebook(marked.course.database) as gradebook:
        grade = gradebook.find_grade("explain", NAME, NAME, "full")
        grade.manual_score, grade.needs_manual_grade = 12, False
        gradebook.db.commit()
    marked.course.nbgrader("export", "--to", "final.csv")
    with (marked.course.folder / "final.csv").open() as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert scores == marked.totals | {"full": 85 + 12}


def test_feedback_is_quiet(marked):
    assert "WARNING" not in marked.feedback
