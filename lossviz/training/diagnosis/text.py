"""A report as text, for a terminal."""

import os
from pathlib import Path
from textwrap import fill

from lossviz.training.diagnosis.checks import QUESTIONS, Finding, told
from lossviz.training.diagnosis.copies import MOST_COMPARED

BUILT = Path(__file__).resolve().parents[3] / "_build" / "html" / "book"  # what ``make book`` builds
WIDTH = 100
MOST_ROWS = 20  # numbers of rows that one line names
MOST_BATCHES = 10  # that have a line each


def written(report) -> str:
    found = report.findings
    head = [*heading(report), "", f"{len(found)} finding{'' if len(found) == 1 else 's'}{':' if found else '.'}"]
    return "\n".join([*head, *(line for k, each in enumerate(found, 1) for line in _finding(k, each))])


def heading(report) -> list[str]:
    """What was looked at, in lines."""
    sizes = [len(set(each.places)) for each in report.looks]  # a row may make several of the loss's own
    looked, size = sum(sizes), max(sizes)
    batches = f"{len(report.looks)} batch{'' if len(report.looks) == 1 else 'es'}"
    return [
        f"{told(report.loss)}",
        f"{looked} of {report.count} rows, in {batches} of at most {size}; the first is row 0{_compared(report)}",
        *taken(report),
        *batches_of(report, MOST_BATCHES),
    ]


def _compared(report) -> str:
    first = report.copies.compared
    return f"; copies were looked for among the first {first}" if first == MOST_COMPARED < report.count else ""


def taken(report) -> list[str]:
    """What each column was taken for."""
    lines = []
    for column in report.columns:
        names = [name for name, each in report.taken.items() if each == column]
        use = f"for {' and '.join(names)}" if names else "not used"
        classes = ", ".join(f"{name} = {k}" for k, name in enumerate(column.classes[:6]))
        lines.append(f"column {column.name}: {column.kind} ({column.why}), {use}{f'; {classes}' if classes else ''}")
    return lines


def batches_of(report, most: int) -> list[str]:
    lines = [measured(k, each) for k, each in enumerate(report.looks[:most])]
    more = len(report.looks) - most
    return [*lines, *([f"and {more} more batches"] if more > 0 else [])]


def measured(number: int, look) -> str:
    """A batch in one line."""
    if not look.finite:
        return f"batch {number}: embeddings that are not finite"
    found = look.measures()
    active = f"{found['active']} of {found['terms']} terms active, " if "terms" in found else ""
    largest = look.places[int(look.shares.argmax())]
    return (
        f"batch {number}: loss {found['loss']:.4g} (all at one point: {found['loss_if_collapsed']:.4g}), {active}"
        f"largest share of the gradient {found['largest_share']:.0%} (row {largest}), "
        f"mean cosine {found['mean_cosine']:.2f}, {found['effective_rank']:.1f} directions"
    )


def _finding(number: int, found: Finding) -> list[str]:
    lines = ["", f"{number}. {found.title}", _indented(found.said)]
    if found.rows:
        lines.append(_indented(f"rows: {rows_of(found)}"))
    lines += [_indented(each, "     ") for each in found.shown]
    lines.append(_indented(f"change: {found.change}"))
    if found.book:
        lines.append(_indented(f"book: {place(found)}"))
    return [*lines, *([_indented(address(found), "         ")] if address(found) else [])]


def rows_of(found: Finding) -> str:
    more = len(found.rows) - MOST_ROWS
    return ", ".join(map(str, found.rows[:MOST_ROWS])) + (f" and {more} more" if more > 0 else "")


def place(found: Finding) -> str:
    """Where the book speaks of it, in words."""
    page = found.book.partition("#")[0].replace("_", " ").capitalize()
    return f"{page}, “{QUESTIONS[found.book]}”"


def address(found: Finding) -> str:
    """The same as a link: into the book that LOSSVIZ_BOOK names, or the one that was built beside the package; ""
    where there is none."""
    page, _, anchor = found.book.partition("#")
    named = os.environ.get("LOSSVIZ_BOOK", "").rstrip("/")
    if not found.book or not (named or (BUILT / f"{page}.html").exists()):
        return ""
    return f"{named or BUILT.as_uri()}/{page}.html#{anchor}"


def _indented(text: str, by: str = "   ") -> str:
    after = f"{by}  "
    return fill(text, WIDTH, initial_indent=by, subsequent_indent=after, break_long_words=False, break_on_hyphens=False)
