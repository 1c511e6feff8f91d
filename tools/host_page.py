"""A bare page with widgets on it, as the built book has them, made from real ipywidgets without a kernel."""

import json
import shutil
import sys
from importlib import resources
from pathlib import Path

from ipywidgets import Widget
from ipywidgets.embed import embed_data

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "book" / "_ext"))  # where Sphinx finds it

from widget_pages import script_json, share_texts, stable_page  # noqa: E402

SCRIPTS = ("lazy_plotly.js", "widget_models.js", "widget_host.js")
VIEW = """<div style="height: {gap}px"></div>
<div><script type="application/vnd.jupyter.widget-view+json">{view}</script></div>"""
PAGE = """<!doctype html><html lang="en" data-theme="light"><meta charset="utf-8"><title>widgets</title>
<link rel="stylesheet" href="lossviz_site.css">
<script type="application/vnd.jupyter.widget-state+json">{state}</script>{scripts}
<body class="bd-article">{body}</body></html>"""


def write_page(folder: Path, *widgets: Widget, gap: int = 0) -> Path:
    """Write the page into the folder: one view per widget from top to bottom, each below a gap of so many pixels."""
    for name in (*SCRIPTS, "lossviz_site.css"):
        shutil.copy(ROOT / "book" / "_static" / name, folder)
    plotly = folder / "plotly.min.js"  # 5 MB, which nobody reads before a surface is opened
    if not plotly.exists():
        plotly.symlink_to(resources.files("plotly") / "package_data" / "plotly.min.js")
    made = embed_data(views=list(widgets), drop_defaults=False)
    views = "".join(VIEW.format(gap=gap, view=json.dumps(view)) for view in made["view_specs"])
    body, state = stable_page(views, made["manager_state"])
    page = folder / "page.html"
    scripts = "".join(f'<script src="{name}"></script>' for name in SCRIPTS)
    page.write_text(PAGE.format(scripts=scripts, state=script_json(share_texts(state)), body=body))
    return page
