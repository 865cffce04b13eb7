"""The students' notebooks, made by nbgrader itself."""

import pytest

from tests.exercises.notebooks import SOURCES, read
from tests.grading.course import Course


@pytest.fixture(scope="module")
def releases(tmp_path_factory):
    """The folder of all releases, and the released notebook of each source."""
    course = Course(tmp_path_factory.mktemp("release") / "course")
    for assignment in sorted({path.parent.name for path in SOURCES}):
        course.nbgrader("generate_assignment", assignment)
    folder = course.folder / "classroom/release"
    return folder, {path: read(folder / path.parent.name / path.name) for path in SOURCES}
