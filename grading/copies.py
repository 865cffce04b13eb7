"""Let a submission with copied cells be marked like any other."""

from nbgrader.preprocessors import DeduplicateIds


class DropCopies(DeduplicateIds):
    """Makes an ordinary cell of each copy of a graded cell; the last one of the same id counts.

    nbgrader's own step leaves empty metadata behind, which a later step takes for an old format: it then
    stops the whole run, so that nobody after that student is marked.
    Use it in `Autograde.sanitize_preprocessors` in the place of `DeduplicateIds`.
    """

    def preprocess_cell(self, cell, resources, cell_index):
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if not cell.metadata.get("nbgrader", True):
            del cell.metadata["nbgrader"]
        return cell, resources
