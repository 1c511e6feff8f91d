"""The spec is typed on both sides: types.d.ts names the fields that Python sends, and so does spec.py."""

import re

import pytest

from lossviz import ContrastiveLoss, explore
from lossviz.widgets import spec
from lossviz.widgets.explorer import STATIC

TYPES = (STATIC / "types.d.ts").read_text(encoding="utf-8")
DESCRIBED = ["Spec", "EngineSpec", "LossSpec", "CellSpec", "ControlSpec", "VariantSpec", "SituationSpec",
             "Sentence", "QuestionSpec", "QuantitySpec", "ConditionSpec", "CureSpec", "Start",
             "Film", "Frame"]  # fmt: skip


def interface(name: str) -> list[str]:
    """The names of the fields of an interface, without what is nested in them."""
    body = re.search(rf"interface {name}(?: extends \w+)? \{{(.*?)\n?\}}\n", TYPES, re.DOTALL).group(1)
    body = re.sub(r"//[^\n]*|/\*.*?\*/", "", body, flags=re.DOTALL)
    while "{" in body:
        body = re.sub(r"\{[^{}]*\}", "", body)
    return re.findall(r"(\w+)\??:", body)


@pytest.mark.parametrize("name", DESCRIBED)
def test_python_and_the_page_name_the_same_fields(name):
    assert sorted(interface(name)) == sorted(getattr(spec, name).__annotations__)


def test_what_lasts_is_what_is_synced():
    assert sorted(interface("Lasting")) == sorted(explore(ContrastiveLoss(), engine="kernel").state)
