"""A parameter as a reader meets it; those that several losses share."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Parameter:
    """A parameter as a reader meets it: its symbol, its meaning, and a slider's range or a list of choices. Where the
    formulas write its name, that is its symbol: "".

    ``control`` says whether an explorer offers it unasked; one with neither range nor choices has none to offer.
    ``needs`` names the parameter without which it has no effect: while that one is None.
    """

    symbol: str
    meaning: str
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    choices: tuple = ()
    control: bool = True
    needs: str | None = None


DISTANCE = Parameter(
    "d", "how the distance of two embeddings is measured", choices=("cosine", "euclidean", "manhattan")
)
NEARER_BY = Parameter("m", "how much nearer the positive must be than the negative", 0.0, 6.0, 0.05)
SCALE = Parameter("", "what similarities are multiplied by: 1 / temperature", 1.0, 50.0, 0.5)
SIMILARITY = Parameter("cos", "how the similarity is measured", choices=("cosine", "dot"))
YES_OR_NO = (True, False)
