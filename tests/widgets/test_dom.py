"""dom.js: elements that are kept."""

import pytest

HEIGHTS = """(async () => {
  const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const inside = dom.html("i", { style: "display: block" });
  const element = document.body.appendChild(dom.html("p", { style: "margin: 0" }, inside));
  const forget = dom.neverLower(element);
  const heights = [];
  for (const height of given) {
    if (height === null) forget();
    else inside.style.height = `${height}px`;
    await drawn();
    heights.push(element.offsetHeight);
  }
  element.remove();
  return heights;
})()"""


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ([40, 20, 60, 10], [40, 40, 60, 60]),
        ([60, 20, None, 30], [60, 60, 20, 30]),
        ([60, None, 20], [60, 60, 60]),  # told to forget, it keeps the height it has
    ],
)
def test_an_element_never_gets_lower_until_told_to_forget(javascript, given, found):
    assert javascript(HEIGHTS, given) == found
