"""What the browser tests ask an explorer's element."""

# Where the points are drawn, from the middle of the plane, in its units.
PLACES = """(root) => {
  const middle = (element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return { x: x + width / 2, y: y + height / 2, width };
  };
  const plane = middle(root.querySelector(".stage"));
  const circle = root.querySelector(".ring .circle");
  const unit = circle.hasAttribute("visibility") ? plane.width / 2 / 1.6 : plane.width / 2 - 44;
  const dots = [...root.querySelectorAll(".point .dot")].map(middle);
  return dots.map(({ x, y }) => [(x - plane.x) / unit, (plane.y - y) / unit]);
}"""
