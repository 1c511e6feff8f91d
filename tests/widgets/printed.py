"""Numbers as a page prints them, read back; and what a printed formula comes to."""

import math
import re
from collections.abc import Iterable

DIGITS = str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789")
RAISED = "·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
NUMBER = re.compile(rf"−?\d+\.\d+(?:{RAISED})?")  # with digits after the point: counts are none
SHARE = re.compile("[<>]?[0-9.]+\u00a0%")
ROUNDING = 1e-12
SIGNS = {"e^": "E**", "−": "-", "·": "*", "²": "**2", "½": "0.5"}


def rounds(number: float, value: float, unit: float) -> bool:
    """Whether a number is a value rounded to whole units; 0 is only what is nothing."""
    return abs(number - value) <= unit * (0.5 + 1e-7) + ROUNDING and (number != 0 or abs(value) <= ROUNDING)


def shows(text: str, value: float) -> bool:
    """Whether a printed number is this one, to the digits shown."""
    written, _, power = text.translate(DIGITS).partition("·10")
    scale = 10.0 ** int(power or 0)
    return rounds(float(written) * scale, value, scale * 10.0 ** -len(written.partition(".")[2]))


def shows_share(text: str, share: float) -> bool:
    """Whether "12 %", "<1 %" or "0.1 %" is this share; all is only what is the whole."""
    number = text.rstrip("\u00a0%").lstrip("<>")
    unit = 10.0 ** -len(number.partition(".")[2])
    if text[0] == "<":
        return 0 < 100 * share < unit / 2
    if text[0] == ">":
        return 100 - unit / 2 <= 100 * share <= 100
    return rounds(float(number), 100 * share, unit) and (float(number) != 100 or share > 1 - ROUNDING)


def unknown(text: str, numbers: Iterable[float], shares: Iterable[float]) -> list[str]:
    """The numbers of a sentence that are none of these; what is quoted in it is a reader's."""
    numbers, shares = list(numbers), list(shares)
    said = re.sub("“[^”]*”", "", text)
    parts, rest = SHARE.findall(said), SHARE.sub("", said)
    wrong = [each for each in parts if not any(shows_share(each, share) for share in shares)]
    printed = [found[0] for found in NUMBER.finditer(rest)]
    return wrong + [each for each in printed if not any(shows(each, number) for number in numbers)]


def worth(formula: str) -> float:
    """The number that a printed formula stands for."""
    python = re.sub(RAISED, lambda power: "e" + power[1].translate(DIGITS), formula)
    python = re.sub(r"ln (\(.*?\)|[^\s)]+)", r"ln(\1)", python)
    for written, meant in SIGNS.items():
        python = python.replace(written, meant)
    return eval(python, {"ln": math.log, "E": math.e, "max": max})
