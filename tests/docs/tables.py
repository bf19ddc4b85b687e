"""The tables of a document, as rows of cells."""

import re

from nevermisscall.lib.env import BASE_DIR


def table(document: str, first_heading: str) -> list[list[str]]:
    """Return the rows, without the heading, of the table whose first column is called `first_heading`."""
    lines = (BASE_DIR / "docs" / document).read_text().splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| {first_heading} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


def code(cell: str) -> list[str]:
    """Return what stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)
