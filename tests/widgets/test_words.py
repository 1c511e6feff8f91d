"""words.js: numbers, names and formulas as a reader meets them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.widgets.conftest import QUICK, rows

NOTHING = 1e-12  # smaller is the rounding of numbers near 1
values = st.one_of(st.floats(-2, 2), st.floats(1e-300, 1e-2), st.floats(-1e6, 1e6), st.floats(1e6, 1e20), st.just(0.0))


def value_of(text: str) -> float:
    """The number that a written one stands for; (1 − 2·10⁻⁶) is 1 less two millionths."""
    written = text.strip("()").replace("⁻", "-").replace("·10", "e")
    written = written.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789"))
    whole, _, missing = written.partition(" − ")
    return float(whole.replace("−", "-")) - float(missing or 0)


@QUICK
@given(rows(values, st.integers(1, 6)))
def test_a_number_is_written_with_its_digits_and_never_as_zero(javascript, cases):
    fixed, brief = (javascript(f"given.map((g) => words.{name}(...g))", cases) for name in ("fixed", "brief"))
    for (value, digits), long, short in zip(cases, fixed, brief, strict=True):
        for text in (long, short):
            assert (value_of(text) == 0) == (abs(value) < NOTHING)
            rounding = 0.5 * 10.0**-digits if abs(value) > 0.01 else 1e-12
            assert value_of(text) == pytest.approx(value, rel=0.051, abs=rounding)
        if "·" not in long:
            assert len(long.partition(".")[2]) == digits or abs(value) < 1  # 0.99… rounds to 1.0
            assert short in (long, long.rstrip("0").rstrip(".")) or abs(value) < 0.1 ** (digits - 1)
        assert "·" in short or "." not in short or not short.endswith("0")


@QUICK
@given(rows(values))
def test_a_number_of_a_formula_has_five_digits_that_count(javascript, cases):
    for (value,), text in zip(cases, javascript("given.map(([value]) => words.exact(value))", cases), strict=True):
        size = abs(value)
        rounding = NOTHING if size < 0.1 else 0.5e-5 + 1e-12 * size
        assert value_of(text) == pytest.approx(value, rel=0.5e-4 if size < 0.1 or size >= 1e7 else 0, abs=rounding)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0.5, 4, "0.5000"), (-0.25, 4, "−0.2500"), (0.00012, 4, "1.2·10⁻⁴"), (0.99999999, 1, "1.0"), (-1e-17, 4, "0.0000"),
     (12345678.0, 4, "1.2·10⁷"), (math.inf, 4, "∞"), (math.nan, 4, "?")],
)  # fmt: skip
def test_a_number_with_its_digits(javascript, value, digits, text):
    assert javascript("words.fixed(...given)", [value, digits]) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0.5, 3, "0.5"), (2, 3, "2"), (10, 2, "10"), (100.0, 2, "100"), (-0.25, 2, "−0.25"), (0, 3, "0"),
     (0.0625, 3, "0.063"), (0.00123, 3, "0.0012"), (0.00012, 3, "0.00012"), (0.000012, 3, "1.2·10⁻⁵"),
     (-0.00012, 3, "−0.00012"), (1e-12, 4, "1.0·10⁻¹²"), (-1e-17, 4, "0"), (12345678.0, 2, "1.2·10⁷")],
)  # fmt: skip
def test_a_brief_number_has_no_idle_zeros(javascript, value, digits, text):
    assert javascript("words.brief(...given)", [value, digits]) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.50"), (-1, "−1.00"), (0, "0.00"), (0.0871, "0.087"), (-0.0004, "−0.0004"), (12.346, "12.35")],
)
def test_a_number_in_a_cell(javascript, value, text):
    assert javascript("words.inCell(given)", value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.5"), (0.31096, "0.31096"), (6, "6"), (-0.25, "−0.25"), (0.034073111, "0.034073"),
     (0.0033812, "0.0033812"), (0.00021315, "0.00021315"), (2.1315e-7, "2.1315·10⁻⁷"), (6.1e-17, "0"), (0, "0"),
     (0.99998, "0.99998"), (1 - 3.6e-11, "(1 − 3.6·10⁻¹¹)"), (1, "1"), (1234.5, "1234.5"), (4.8517e8, "4.8517·10⁸")],
)  # fmt: skip
def test_a_number_of_a_formula(javascript, value, text):
    assert javascript("words.exact(given)", value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (0.001, "<1 %"), (0.005, "1 %"), (0.42, "42 %"), (0.994, "99 %"), (0.9999, ">99 %"), (1, "100 %")],
)
def test_a_share_is_nothing_or_all_only_where_it_is(javascript, share, text):
    assert javascript("words.percent(given)", share) == text.replace(" ", "\u00a0")


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (1e-9, "<0.1 %"), (0.0013, "0.1 %"), (0.004, "0.4 %"), (0.005, "1 %"), (0.42, "42 %"),
     (0.994, "99 %"), (0.9987, "99.9 %"), (1 - 1e-9, ">99.9 %"), (1, ">99.9 %")],
)  # fmt: skip
def test_beside_rivals_a_share_is_never_all_and_near_the_ends_it_has_a_digit(javascript, share, text):
    assert javascript("words.percent(given, { digits: 1, rivals: true })", share) == text.replace(" ", "\u00a0")


def test_points_are_lettered_however_many_there_are(javascript):
    letters = javascript("Array.from({ length: 64 }, (_, k) => words.letter(k))")
    assert [letters[k] for k in (0, 1, 25, 26, 27, 51, 52, 63)] == ["A", "B", "Z", "A1", "B1", "Z1", "A2", "L2"]
    assert len(set(letters)) == 64


def test_many_of_a_word_that_ends_with_s(javascript):
    assert javascript("[1, 2].map((count) => words.plural(count, 'class'))") == ["1 class", "2 classes"]


@pytest.mark.parametrize(
    ("name", "text"),
    [("hardest_negative", "hardest negative"), ("the_1", "the 1"), ("margin", "margin"), (True, "yes"), (None, "none"),
     ("query_to_doc", "anchor → document"), (["query_to_doc", "doc_to_doc"], "anchor → document + positive → document"),
     ("an_axis_of_a_readers_own", "an axis of a readers own")],
)  # fmt: skip
def test_an_identifier_in_words(javascript, name, text):
    assert javascript("words.inWords(given)", name) == text


@pytest.mark.parametrize(
    ("role", "manner", "on_axis", "sign"),
    [("hardest_positive", "hardest", "the hardest positive", "▲"),
     ("hardest_negative", "hardest", "the hardest negative", "▼"),
     ("semi_hard_negative", "semi-hard", "the chosen negative", "▼"),
     ("nearest_negative", None, "the negative", "▼"), ("constructor", None, "the negative", "▼")],
)  # fmt: skip
def test_what_a_role_is_called(javascript, role, manner, on_axis, sign):
    side = "positive" if sign == "▲" else "negative"
    told = "(({ manner, onAxis }) => [manner, onAxis(given[1]), words.roleSign(given[0])])(words.roleOf(given[0]))"
    assert javascript(told, [role, side]) == [manner, on_axis, sign]


def test_a_side_that_no_role_names_is_called_by_itself(javascript):
    assert javascript("words.roleOf(null).has('positive', '“cat”')") == "its positive “cat”"


@pytest.mark.parametrize(
    ("threshold", "side"),
    [("margin", "negative"), ("farthest_positive", "negative"), ("nearest_negative", "positive"),
     ("reach", None), ("constructor", None)],
)  # fmt: skip
def test_the_side_that_a_threshold_gates(javascript, threshold, side):
    assert javascript("words.gatedBy(given) ?? null", threshold) == side


@pytest.mark.parametrize(
    ("axes", "noun"),
    [(["pair"], "pair"), (["anchor", "positive"], "anchor–positive pair"),
     (["anchor", "positive", "negative"], "triplet"), (["lower_pair", "higher_pair"], "order"),
     (["direction", "anchor"], "choice"), (["row", "hard_case"], "hard case"), ([], "term")],
)  # fmt: skip
def test_what_one_calls_a_term(javascript, axes, noun):
    assert javascript("words.nounOf(given)", axes) == noun


@pytest.mark.parametrize(
    ("template", "numbers", "text"),
    [
        ("½ · ({margin} − {d})² / {B}", {"margin": 0.5, "d": 0.03407, "B": 6}, "½ · (0.5 − 0.03407)² / 6"),
        ("−ln {p} / {B}", {"p": 0.5, "B": 6}, "−ln 0.5 / 6"),
        ("½ · ({margin} − {d})²", {"margin": 0.5, "d": -0.2}, "½ · (0.5 − (−0.2))²"),  # negative after an operator
        ("({d_ap} − {d_an} + {margin})", {"d_ap": -1.5, "d_an": 0, "margin": -1}, "(−1.5 − 0 + (−1))"),
        ("e^({scale} · {s})", {"scale": 20, "s": -0.5}, "e^(20 · (−0.5))"),
        ("ln(1 + e^−({z}))", {"z": -0.5}, "ln(1 + e^−(−0.5))"),
        ("{d}²", {"d": -0.5}, "(−0.5)²"),
        ("{d}²", {"d": 3.4e-5}, "(3.4000·10⁻⁵)²"),
        ("1 / {sum}", {"sum": 3.4e-5}, "1 / (3.4000·10⁻⁵)"),
        ("{a} − {d}", {"a": 1, "d": 1e-17}, "1 − 0"),  # the rounding of other numbers
        ("−ln {p}", {"p": 1e-17}, "−ln 1.0000·10⁻¹⁷"),  # but nothing has no logarithm
        ("1 / {sum}", {"sum": 1e-17}, "1 / (1.0000·10⁻¹⁷)"),
    ],
)
def test_a_formula_is_filled_with_numbers(javascript, template, numbers, text):
    assert javascript("words.fill(given.template, given.numbers)", {"template": template, "numbers": numbers}) == text


def test_a_formula_with_a_name_that_is_not_known_is_none(javascript):
    assert javascript("words.fill('{d} − {marign}', {d: 1, B: 2})") is None
    assert javascript("words.fill('{d} − {mode}', {d: 1, mode: 'cosine'})") is None
