"""Sphinx extension: the built pages need no kernel and no other origin, and show the lossviz that is here now."""

import filecmp
import hashlib
import importlib.util
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import dock
import every_loss
import every_situation
import sections
from action_links import ActionLinks
from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging
from theme import describe_pictures, name_page, rewrite_widgets

PAGES = ("_ext", "_static", "_templates", "formulas.json")  # what every page is made with


def setup(app: Sphinx) -> dict:
    app.add_config_value("lossviz_code", "", "env")  # a new value reads and runs every page again
    app.add_config_value("lossviz_pages", "", "html")  # a new value writes every page again
    app.add_post_transform(ActionLinks)
    app.connect("config-inited", watch_sources)
    app.connect("builder-inited", run_notebooks)
    app.connect("builder-inited", copy_assets)
    app.connect("source-read", every_loss.write)
    app.connect("source-read", every_situation.write)
    app.connect("doctree-resolved", describe_pictures)
    app.connect("doctree-resolved", dock.dock_figures)
    app.connect("html-page-context", rewrite_widgets, priority=900)  # after myst-nb has added its scripts
    app.connect("html-page-context", name_page, priority=900)
    app.connect("html-page-context", dock.announce_figures)
    app.connect("build-finished", sections.write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


# An edit in lossviz/ must show in the next build


def watch_sources(app: Sphinx, config: Config) -> None:
    """myst-nb keys its cache on the notebook alone; ours lives in a folder named after the code that it runs."""
    root = Path(app.srcdir)
    config.lossviz_code = fingerprint([root / name for name in ("lossviz", "requirements.txt", "constraints.txt")])
    config.lossviz_pages = fingerprint([root / "book" / name for name in PAGES])
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


def run_notebooks(app: Sphinx) -> None:
    """Those that the cache lacks, one on each core: Sphinx would run one after another. What fails here it runs again,
    and says why."""
    cache = get_cache(app.config.nb_execution_cache_path)
    for path in Path(app.srcdir, "book").glob("*.ipynb"):
        cache.add_nb_to_project(str(path))
    if missing := cache.list_unexecuted():
        logging.getLogger(__name__).info("Executing notebooks: %s", ", ".join(Path(each.uri).stem for each in missing))
        load_executor("local-parallel", cache).run_and_cache(timeout=app.config.nb_execution_timeout)


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
