"""What the book knows of one loss."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

from lossviz.catalogue.papers import Paper
from lossviz.catalogue.parameters import Parameter
from lossviz.catalogue.peers import Peer
from lossviz.losses import Loss


@dataclass(frozen=True)
class Entry:
    """What is known of one loss.

    ``formula`` is the loss in LaTeX. ``term(loss)`` gives, for each kind of term, the formula of what it adds; names in
    braces stand for numbers: those of ``Terms.numbers``, a parameter, {B} the number of valid terms, or {loss}.
    ``push`` says how hard a term pushes each row that it reads, where the loss sees directions only. ``changes`` says
    what changed in sentence-transformers, by version, and ``peer`` how theirs is asked; None where theirs is not known.
    ``learned`` names numbers that training learns though they are given as numbers. ``first`` says that it is the one
    to begin with, for its input type.

    ``default()`` makes the loss with its defaults. ``variants()`` are the settings that are looked at one by one, in
    explorers and in tests: every combination of the choices that an explorer offers, then ``also``.
    """

    loss: type[Loss]
    formula: str
    term: Callable[[Loss], dict[str, str]]
    parameters: dict[str, Parameter]
    changes: tuple[tuple[str, str], ...]
    paper: Paper
    make: Callable[[], Loss] | None = None  # where the class alone does not make one
    also: tuple[dict[str, object], ...] = ()
    peer: Peer | None = None
    learned: tuple[str, ...] = ()
    first: bool = False
    push: str | None = None

    def default(self) -> Loss:
        return (self.make or self.loss)()

    def variants(self) -> list[dict[str, object]]:
        offered = {name: each.choices for name, each in self.parameters.items() if each.choices and each.control}
        combinations = (dict(zip(offered, values, strict=True)) for values in product(*offered.values()))
        return [*(each for each in combinations if self.default().allows(**each)), *self.also]
