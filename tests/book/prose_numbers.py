"""What the prose of each chapter says in numbers: one table a chapter, in a file of its own."""

from tests.book import prose_numbers_ch05

TABLES = {"05_worked_example": prose_numbers_ch05.tables}
