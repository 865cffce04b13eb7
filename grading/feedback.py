"""Keep hidden tests out of the feedback that students get."""

from html import unescape

from nbconvert.filters import strip_ansi
from nbgrader.preprocessors import ClearHiddenTests
from nbgrader.utils import is_grade, is_solution
from traitlets import List

REMOVED = "[removed: it quotes a test that is hidden]"
# Shorter lines of a test, such as a single bracket, say nothing and stand in everybody's code.
SHORTEST = 12


class HideTests(ClearHiddenTests):
    """Removes hidden tests from the graded cells, and every output of any cell that quotes one.

    Of an error in a cell with hidden tests the message stays, which the student needs, but no traceback.
    An output that was encoded in order to hide what it quotes is not recognised.
    Use it in `GenerateFeedback.preprocessors`, between `GetGrades` and `CSSHTMLHeaderPreprocessor`.
    """

    # nbconvert's HTML exporter sets this; where a preprocessor does not take it, nbgrader warns on every run.
    display_data_priority = List().tag(config=True)

    def preprocess(self, nb, resources):
        self.hidden = set()
        nb, resources = super().preprocess(nb, resources)
        for cell in nb.cells:
            for output in cell.get("outputs", []):
                self._clean(output)
        return nb, resources

    def preprocess_cell(self, cell, resources, cell_index):
        # Other cells are the student's own: there the delimiters, perhaps only one of them, mean nothing.
        if is_grade(cell) and not is_solution(cell):
            before = cell.source.splitlines()
            if self._remove_hidden_test_region(cell):
                visible = cell.source.splitlines()
                removed = (_squeeze(line) for line in before if line not in visible)
                self.hidden.update(line for line in removed if len(line) >= SHORTEST)
                for output in cell.get("outputs", []):
                    if output.output_type == "error":
                        output.traceback = [f"{output.ename}: {output.evalue}"]
        return cell, resources

    def _clean(self, output):
        if output.output_type == "stream":
            output.text = self._without_quotes(output.text)
        elif output.output_type == "error":
            output.ename = self._without_quotes(output.ename)
            output.evalue = self._without_quotes(output.evalue)
            if self._quotes("\n".join(output.traceback)):
                output.traceback = [f"{output.ename}: {output.evalue}"]
        elif any(self._quotes(str(value)) for value in output.data.values()):
            output.data = {"text/plain": REMOVED}

    def _without_quotes(self, text):
        return REMOVED if self._quotes(text) else text

    def _quotes(self, text):
        text = _squeeze(unescape(strip_ansi(text)))
        return any(line in text for line in self.hidden)


def _squeeze(text):
    return "".join(text.split())
