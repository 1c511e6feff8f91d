"""Sphinx extension: the built pages need no kernel and no other origin, and show the lossviz that is here now."""

import filecmp
import hashlib
import importlib.util
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import every_loss
from sphinx.application import Sphinx
from sphinx.builders.html._assets import _JavaScript
from sphinx.config import Config
from widget_pages import script_json, share_texts, stable_page

WIDGET_STATE = "application/vnd.jupyter.widget-state+json"


def setup(app: Sphinx) -> dict:
    app.add_config_value("lossviz_code", "", "env")  # a new value reads and runs every page again
    app.add_config_value("lossviz_pages", "", "html")  # a new value writes every page again
    app.connect("config-inited", silence_thebe)
    app.connect("config-inited", watch_sources)
    app.connect("builder-inited", copy_assets)
    app.connect("source-read", every_loss.write)
    app.connect("html-page-context", rewrite_widgets, priority=900)  # after myst-nb has added its scripts
    app.connect("html-page-context", let_pictures_wait)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


# An edit in lossviz/ must show in the next build


def watch_sources(app: Sphinx, config: Config) -> None:
    """myst-nb keys its cache on the notebook alone; ours lives in a folder named after the code that it runs."""
    root = Path(app.srcdir)
    config.lossviz_code = fingerprint([root / name for name in ("lossviz", "requirements.txt", "constraints.txt")])
    config.lossviz_pages = fingerprint([root / "book" / name for name in ("_ext", "_static", "_templates")])
    caches = Path(app.outdir).parent / ".jupyter_cache"
    config.nb_execution_cache_path = str(caches / config.lossviz_code)
    remove_others(caches, keep=config.lossviz_code)


def fingerprint(places: Iterable[Path]) -> str:
    """A short hash over the paths and contents of those files and folders."""
    digest = hashlib.sha256()
    for place in places:
        files = sorted(place.rglob("*")) if place.is_dir() else [place]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(str(file.relative_to(place)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def remove_others(folder: Path, keep: str) -> None:
    for other in folder.glob("*"):
        if other.name != keep:
            shutil.rmtree(other, ignore_errors=True)


# The libraries of a page come from installed wheels, not from a CDN


def copy_assets(app: Sphinx) -> None:
    if app.builder.format != "html":
        return
    for target, source in assets().items():
        copy_if_changed(source, Path(app.outdir, "_static", target))


def assets() -> dict[str, Path]:
    """Where each file comes from, by its place under _static."""
    mathjax = package("sphinx-mathjax-offline") / "static" / "mathjax"
    fonts = mathjax / "output" / "chtml" / "fonts" / "woff-v2"
    return {
        "plotly.min.js": package("plotly") / "package_data" / "plotly.min.js",
        "mathjax/tex-chtml.js": mathjax / "tex-chtml.js",
        **{f"mathjax/{font.relative_to(mathjax)}": font for font in fonts.glob("*.woff")},
        # TeX commands outside the core, which MathJax asks for when it meets one
        **{f"mathjax/{file.relative_to(mathjax)}": file for file in (mathjax / "input/tex/extensions").glob("*.js")},
    }


def package(name: str) -> Path:
    return Path(importlib.util.find_spec(name).submodule_search_locations[0])


def copy_if_changed(source: Path, target: Path) -> None:
    """Copy through a temporary name, so that a build that is stopped leaves no half-written file behind."""
    if target.exists() and filecmp.cmp(source, target, shallow=False):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
    shutil.copyfile(source, partial)
    partial.replace(target)


# What a page says about its widgets


def rewrite_widgets(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    for place, script in enumerate(context.get("script_files", [])):
        if script.attributes.get("type") == WIDGET_STATE:
            document = json.loads(script.attributes["body"])
            context["body"], document = stable_page(context["body"], document)
            attributes = {**script.attributes, "body": script_json(share_texts(document))}
            context["script_files"][place] = _JavaScript(script.filename, priority=script.priority, **attributes)


def let_pictures_wait(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """A picture in a fold that is closed is not loaded."""
    if "body" in context:
        context["body"] = context["body"].replace("<img ", '<img loading="lazy" ')


def silence_thebe(app: Sphinx, config: Config) -> None:
    """jupyter-book always loads sphinx-thebe, which would add a script from a CDN, and more, to every page."""
    for listeners in app.events.listeners.values():
        for listener in [each for each in listeners if each.handler.__module__ == "sphinx_thebe"]:
            app.disconnect(listener.id)
    styles = app.registry.css_files
    styles[:] = [(name, options) for name, options in styles if name != "sphinx-thebe.css"]
