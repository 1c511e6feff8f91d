"""Widgets: the Python side beside its JavaScript and style in ``static/``."""

from lossviz.widgets.explorer import Explorer, explore

__all__ = ["Explorer", "explore"]
