"""Reads what a lab printed with show()."""

from itertools import groupby


def tables(text):
    """Each table in the text as a list of rows of cells, the header first; the width of the columns is left out."""
    found = []
    for is_table, lines in groupby(text.splitlines(), key=lambda line: line[:1] == "|" or set(line) == {"+", "-"}):
        if is_table:
            rows = [line for line in lines if line.startswith("|")]
            found.append([[cell.strip() for cell in row.strip("|").split("|")] for row in rows])
    return found
