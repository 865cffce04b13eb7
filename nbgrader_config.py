"""nbgrader's settings: sources in solutions/, everything else in classroom/, which is never committed."""

from pathlib import Path

root = Path(__file__).resolve().parent
(root / "classroom" / "exchange").mkdir(parents=True, exist_ok=True)

c = get_config()  # noqa: F821 - nbgrader defines it

c.CourseDirectory.course_id = "backpropagation"
c.CourseDirectory.root = str(root)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "classroom/release"
c.CourseDirectory.submitted_directory = "classroom/submitted"
c.CourseDirectory.autograded_directory = "classroom/autograded"
c.CourseDirectory.feedback_directory = "classroom/feedback"
c.CourseDirectory.solution_directory = "classroom/solution"
c.CourseDirectory.db_url = f"sqlite:///{root}/classroom/gradebook.db"

# One machine for all. Where students have accounts of their own, name a folder that all of them can write to.
c.Exchange.root = str(root / "classroom" / "exchange")

# An endless loop costs its cell 30 seconds and then counts as an error.
c.Execute.timeout = 30

# A student who copies a test cell must not stop the marking of the class.
c.Autograde.sanitize_preprocessors = [
    "nbgrader.preprocessors.ClearOutput",
    "grading.copies.DropCopies",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# Feedback shows what failed, but not the hidden test that found it.
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "grading.feedback.HideTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
