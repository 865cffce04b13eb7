"""What the prose of each chapter says in numbers: a table for chapter NN in prose_numbers_chNN.py."""

import importlib
from pathlib import Path

from tests.book.pages import chapter_paths


def _nothing():
    return [], []


def _tables(chapter):
    """The function that computes the tables of a chapter; one without such a file says nothing in numbers."""
    name = f"prose_numbers_ch{chapter.partition('_')[0]}"
    if not (Path(__file__).parent / f"{name}.py").exists():
        return _nothing
    return importlib.import_module(f"tests.book.{name}").tables


TABLES = {path.stem: _tables(path.stem) for path in chapter_paths()}
