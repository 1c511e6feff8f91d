"""The index of situations, written from them: a link to each into the figure of its chapter, and its symptom,
unless it asks a question, which a symptom would answer."""

from every_loss import CHAPTERS

from lossviz.situations import SITUATIONS, Situation

MARK = "<!-- every situation -->"


def write(app, docname: str, source: list[str]) -> None:
    """Puts the situations in place of the mark, when Sphinx reads a page that has one."""
    if MARK in source[0]:
        source[0] = source[0].replace(MARK, every_situation())


def every_situation() -> str:
    """Markdown: a heading for each input type, and an item for each situation that its figure offers."""
    return "\n\n".join(f"### {title(kind)}\n\n{items(kind)}" for kind in SITUATIONS)


def title(kind: str) -> str:
    return kind.replace("_", " ").capitalize()


def items(kind: str) -> str:
    return "\n".join(item(kind, each) for each in SITUATIONS[kind] if each.listed)


def item(kind: str, situation: Situation) -> str:
    """A question is asked, and its answer is not given away; a symptom stands beside its link."""
    figure, slug = kind.replace("_", "-"), situation.name.replace(" ", "-")
    address = f"{figure}?situation={slug}{'&ask' if situation.question else ''}"
    link = f"[{situation.title}]({CHAPTERS.get(kind, kind)}.ipynb#{address})"
    return f"- {link}" + (f"\\\n  {situation.symptom}" if situation.symptom and not situation.question else "")
