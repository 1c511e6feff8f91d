"""A report as HTML: inside a notebook, or as one file: no script, no request, every text escaped."""

from html import escape
from itertools import zip_longest

from lossviz.training.diagnosis import text
from lossviz.training.diagnosis.checks import Finding

# Lines and bars take the colour of the words around them, so that both hold in the dark.
STYLE = """
.lossviz-report { max-width: 60rem; line-height: 1.45; overflow-wrap: anywhere; }
.lossviz-report h2 { font-size: 1.25em; margin: 0 0 .4em; }
.lossviz-report h3 { font-size: 1.05em; margin: 0 0 .3em; }
.lossviz-report section { border-left: 4px solid #d55e00; padding: .1em 0 .1em .9em; margin: 1.1em 0; }
.lossviz-report p, .lossviz-report ul { margin: .35em 0; }
.lossviz-report table { border-collapse: collapse; font-size: .92em; }
.lossviz-report th, .lossviz-report td { text-align: left; padding: .2em .8em .2em 0; vertical-align: top; }
.lossviz-report svg { display: block; width: 100%; max-width: 40rem; height: 48px; }
.lossviz-report rect { fill: #0072b2; }
"""
DOCUMENT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>:root {{ color-scheme: light dark; }} body {{ margin: 2rem auto; padding: 0 1rem; max-width: 60rem;
font-family: system-ui, sans-serif; background: Canvas; color: CanvasText; }}</style></head>
<body>{body}</body></html>
"""
HIGHEST = 40  # of a bar, in pixels
MOST_BATCHES = 50  # that have bars


def whole(report) -> str:
    return DOCUMENT.format(title=escape(f"Diagnosis: {type(report.loss).__name__}"), body=body(report))


def body(report) -> str:
    found = report.findings
    count = f"{len(found)} finding{'' if len(found) == 1 else 's'}"
    loss, looked, *_ = text.heading(report)
    columns = "".join(f"<li>{escape(each)}</li>" for each in text.taken(report))
    bars = [_bars(each) if each.finite else "" for each in report.looks[:MOST_BATCHES]]
    lines = zip_longest(text.batches_of(report, MOST_BATCHES), bars, fillvalue="")
    batches = "".join(f"<p>{escape(line)}</p>{bar}" for line, bar in lines)
    return (
        f'<style>{STYLE}</style><div class="lossviz-report"><h2>{escape(loss)}: {count}</h2><p>{escape(looked)}</p>'
        f"{''.join(map(_finding, found))}"
        f"<details><summary>What each column was taken for</summary><ul>{columns}</ul></details>"
        f"<details><summary>Each batch, and its gradient by row</summary>{batches}</details></div>"
    )


def _finding(found: Finding) -> str:
    shown = "".join(f"<li>{escape(each)}</li>" for each in found.shown)
    rows = f"<p>Rows: {text.rows_of(found)}</p>" if found.rows else ""
    where, link = text.address(found), escape(text.place(found)) if found.book else ""
    if where:
        link = f'<a href="{escape(where)}" target="_blank" rel="noopener">{link}</a>'
    book = f"<p><b>In the book:</b> {link}</p>" if link else ""
    return (
        f"<section><h3>{escape(found.title)}</h3><p>{escape(found.said)}</p>{rows}<ul>{shown}</ul>"
        f"<p><b>Change:</b> {escape(found.change)}</p>{book}</section>"
    )


def _bars(look) -> str:
    """The gradient's share of every row, a bar each; its number is told on it."""
    shares = look.shares.tolist()
    most = max(shares) or 1
    bars = "".join(
        f'<rect x="{10 * k + 1}" width="8" y="{HIGHEST - height:.1f}" height="{height:.1f}">'
        f"<title>row {place}: {share:.1%}</title></rect>"
        for k, (place, share, height) in enumerate(
            (place, share, HIGHEST * share / most) for place, share in zip(look.places, shares, strict=True)
        )
    )
    label = f"the gradient’s share of each of {look.count} rows, at most {max(shares):.0%}"
    size = f'viewBox="0 0 {10 * look.count} {HIGHEST}" preserveAspectRatio="none"'
    return f'<svg role="img" aria-label="{label}" {size}>{bars}</svg>'
