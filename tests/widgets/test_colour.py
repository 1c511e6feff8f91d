"""colour.js, and the palette of explorer.css."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Error

from tests.widgets.conftest import QUICK, STATIC, rows


@pytest.mark.parametrize(
    ("text", "channels"), [("#0072b2", [0, 114, 178]), (" #FFF ", [255, 255, 255]), ("a1b2c3", [161, 178, 195])]
)
def test_a_colour_is_three_numbers(javascript, text, channels):
    assert javascript("colour.parseHex(given)", text) == channels


@pytest.mark.parametrize("text", ["#12345", "red", "", "#gggggg"])
def test_what_is_no_colour_says_so(javascript, text):
    with pytest.raises(Error, match=f"colour: expected #rrggbb, got {text}"):
        javascript("colour.parseHex(given)", text)


@pytest.mark.parametrize("steps", [2, 7, 256])
def test_a_ramp_goes_evenly_from_one_colour_to_the_other(javascript, steps):
    ramp = np.array(javascript("colour.ramp([20, 24, 28], [174, 96, 112], given)", steps))
    even = np.linspace([20, 24, 28], [174, 96, 112], steps)
    assert ramp.shape == (steps, 3)
    assert np.abs(ramp - even).max() <= 0.5 + 1e-9


@QUICK
@given(rows(st.floats(-2, 3), st.floats(-1, 1), st.floats(0, 2), st.integers(2, 256)))
def test_the_step_of_a_value(javascript, cases):
    given = [[value, low, low + size, steps] for value, low, size, steps in cases]
    found = javascript("given.map((g) => colour.stepOf(...g))", given)
    for (value, low, high, steps), step in zip(given, found, strict=True):
        share = np.clip((value - low) / (high - low), 0, 1) if high > low else 0
        assert abs(step - share * (steps - 1)) <= 0.5 + 1e-9
        assert step == int(step)


def channels_of(colour: str) -> list[int]:
    digits = colour.lstrip("#")
    digits = digits if len(digits) == 6 else "".join(each * 2 for each in digits)
    return [int(digits[k : k + 2], 16) for k in (0, 2, 4)]


def contrast(one: str, other: str) -> float:
    """As WCAG 2.2 defines it."""

    def luminance(colour: str) -> float:
        shares = np.array(channels_of(colour)) / 255
        linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    dark, light = sorted(luminance(colour) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def palette(theme: str) -> dict[str, str]:
    """Name → colour, as explorer.css gives them for light, and then for dark."""
    blocks = re.findall(r"\{([^{}]*--ink:[^{}]*)\}", (STATIC / "explorer.css").read_text(encoding="utf-8"))
    assert len(blocks) == 2
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})\b", blocks[["light", "dark"].index(theme)]))


TEXT = ("ink", "quiet", "positive", "negative")
GRAPHICS = (*TEXT, "both", "focus")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "panel"])
def test_the_palette_can_be_seen(theme, ground):
    colours = palette(theme)
    faint = {name: contrast(colours[name], colours[ground]) for name in GRAPHICS}
    assert {name: found for name, found in faint.items() if found < (4.5 if name in TEXT else 3)} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_ink_can_be_read_on_the_deepest_shade_of_the_heat_map(theme):
    colours = palette(theme)
    assert contrast(colours["ink"], colours["heat-high"]) >= 4.5
    assert colours["heat-low"] == colours["paper"]
