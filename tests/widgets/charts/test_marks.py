"""Marks that charts share, drawn on a blank page."""

import pytest

CROWD = """(() => {
  const lit = [];
  const picture = dom.svg("svg", { width: 100, height: 100 });
  const crowd = marks_crowd.createCrowd(picture, { light: (what) => lit.push(what && what.index) });
  picture.append(crowd.root);
  document.body.append(picture);
  const { left, top } = picture.getBoundingClientRect();
  const draw = (marks, what) => crowd.draw(marks, "3 things", what);
  const marks = given.map(([index, x, y, look]) =>
    ({ index, places: [[x, y]], d: `M${x},${y}h1`, look: { class: look }, note: `mark ${index}` }));
  draw(marks, null);
  const name = crowd.root.getAttribute("aria-label");
  const paths = [...crowd.root.firstChild.children].map((path) => path.getAttribute("d"));
  crowd.root.focus();
  for (const key of ["ArrowRight", "ArrowDown", "ArrowRight", "ArrowLeft", "Enter"]) {
    crowd.root.dispatchEvent(new KeyboardEvent("keydown", { key }));
  }
  crowd.root.blur();
  crowd.root.dispatchEvent(new PointerEvent("pointermove", { clientX: left + 52, clientY: top + 49 }));
  draw(marks, { kind: "term", index: 8 });
  const touched = crowd.root.getAttribute("aria-label");
  draw([], null);
  const stop = crowd.root.getAttribute("tabindex");
  picture.remove();
  return { lit, name, paths, touched, stop };
})()"""


def test_a_crowd_is_one_stop_of_the_keyboard(javascript):
    """Its marks follow one another as the terms do, whichever is drawn first; a pointer touches the nearest."""
    found = javascript(CROWD, [[8, 10, 10, "left"], [2, 50, 50, "active"], [5, 90, 90, "left"]])
    assert found["lit"] == [2, 5, 8, 2, 8, None, 2]
    assert found["name"] == "3 things; the arrow keys go through them" and found["touched"] == "mark 8"
    assert found["paths"] == ["M10,10h1M90,90h1", "M50,50h1"]  # a path for each look
    assert found["stop"] is None


DOTS = """(() => {
  const lit = [];
  const dots = marks_dots.createDots({ light: (what) => lit.push(what) });
  const dotOf = ([x, y, insists], k) => ({
    place: [x, y], d: "M0,0", look: "positive", letters: "ABC"[k], note: "a dot", insists,
    light: { kind: "term", index: x }, candidates: marks_labels.besides([x, y], [[0, -20], [0, 20]], 20),
  });
  const draw = (places, untouched) =>
    dots.draw(places.map(dotOf), { size: 16, bounds: { x: 0, y: 0, width: 200, height: 200 }, untouched });
  const boxes = draw(given, false);
  const words = [...dots.root.children].map((dot) => dot.querySelector("text").textContent);
  dots.root.lastChild.dispatchEvent(new Event("focus"));
  draw([[70, 70, false]], false);
  dots.root.firstChild.dispatchEvent(new Event("focus"));
  const names = boxes.map((box) => [box.x + box.width / 2, box.y + box.height / 2]);
  draw([[70, 70, false]], true);
  const [dot] = dots.root.children;
  return { names, words, lit, stop: dot.getAttribute("tabindex"), events: dots.root.getAttribute("pointer-events") };
})()"""


@pytest.mark.parametrize("insists", [False, True])
def test_the_name_of_a_dot_stands_where_there_is_room(javascript, insists):
    """Three dots one above the other leave no room above or below the middle one: its name stands beside it."""
    found = javascript(DOTS, [[50, 80, False], [50, 120, False], [50, 100, insists]])
    assert found["names"] == [[50, 60], [50, 140], [74, 100]]
    assert found["words"] == ["A", "B", "C"]
    assert found["lit"] == [{"kind": "term", "index": 50}, {"kind": "term", "index": 70}]
    assert (found["stop"], found["events"]) == (None, "none")


def test_every_dot_is_named_however_many_stand_together(javascript):
    places = [[50 + 7 * (k % 4), 50 + 5 * (k // 4), False] for k in range(12)]
    named = """(() => {
      const dots = given.map(([x, y], k) => ({
        place: [x, y], letters: words.letter(k), candidates: marks_labels.besides([x, y], [[16, -10], [-16, 10]], 17),
      }));
      const own = dots.map(({ place }) => marks_labels.boxAround(place, 16, 16));
      return marks_dots.namesOf(dots, own, { x: 0, y: 0, width: 200, height: 200 });
    })()"""
    found = [each for each in javascript(named, places) if each]
    assert all(each["box"] for each in found)
    assert sorted(", ".join(each["letters"] for each in found).split(", ")) == list("ABCDEFGHIJKL")


AXES = """(() => {
  const axes = marks_axes.createAxes();
  const lines = [marks_axes.line([[0, 0], [9, 0]])];
  const draw = (ticks) => axes.draw(lines, marks_axes.below(ticks, (tick) => 10 * tick, 5));
  draw([0, 0.5, 1]);
  const [path, text] = [axes.root.querySelector("path"), axes.root.querySelector("text")];
  const seen = [];
  const watched = new MutationObserver(() => {});
  watched.observe(axes.root, { subtree: true, childList: true, attributes: true, characterData: true });
  draw([0, 0.5, 1]);
  seen.push(watched.takeRecords().length);
  draw([0, 0.5]);
  seen.push(watched.takeRecords().length);
  const words = [...axes.root.querySelectorAll("text")].map((each) => each.textContent);
  return { seen, words, path: path.getAttribute("d"), look: [path, text].map((each) => each.getAttribute("class")) };
})()"""


def test_axes_that_stand_still_change_nothing(javascript):
    found = javascript(AXES)
    assert found["seen"] == [0, 1]
    assert (found["words"], found["path"], found["look"]) == (["0", "0.5"], "M0,0L9,0", ["axis", "quiet"])


def test_numbers_are_evenly_apart(javascript):
    assert javascript("marks_axes.evenly(-3, 3, 5)") == [-3, -1.5, 0, 1.5, 3]
