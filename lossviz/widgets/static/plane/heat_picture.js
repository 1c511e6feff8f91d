// The heat map on its canvas: a grid of values as shades, smoothed.

import { parseHex, ramp, stepOf } from "../colour.js";

const SHADES = 256;

// The theme as book and JupyterLab name it; the colours of explorer.css depend on nothing else.
export const theme = () => `${document.documentElement.dataset.theme} ${document.body.dataset.jpThemeLight}`;

// Reading a colour makes the browser work out the style of the page, so it is read once for each theme.
function createShades(canvas) {
  let [known, shades] = [null, []];
  return function shadesNow() {
    if (known === theme()) return shades;
    const style = getComputedStyle(canvas);
    const [low, high] = ["--heat-low", "--heat-high"].map((name) => parseHex(style.getPropertyValue(name)));
    [known, shades] = [theme(), ramp(low, high, SHADES).map((colour) => [...colour, 255])];
    return shades;
  };
}

export function createHeatPicture(canvas) {
  const context = canvas.getContext("2d");
  const shadesNow = createShades(canvas);
  const grids = new Map(); // size → {small, image}, kept: they are needed again and again

  function gridOf(size) {
    if (!grids.has(size)) {
      const small = new OffscreenCanvas(size, size).getContext("2d");
      grids.set(size, { small, image: new ImageData(size, size) });
    }
    return grids.get(size);
  }

  return {
    // Clears the canvas, which is now so many pixels of the page wide and high.
    resize(size) {
      const dense = Math.round(size * Math.min(2, window.devicePixelRatio || 1));
      if (canvas.width !== dense) Object.assign(canvas, { width: dense, height: dense });
      Object.assign(canvas.style, { width: `${size}px`, height: `${size}px` });
      context.clearRect(0, 0, dense, dense);
    },
    paint({ size, values, low, high }) {
      const { small, image } = gridOf(size);
      const shades = shadesNow();
      for (let k = 0; k < values.length; k++) {
        const row = size - 1 - Math.floor(k / size); // the grid's y points up, the image's down
        image.data.set(shades[stepOf(values[k], low, high, SHADES)], 4 * (row * size + (k % size)));
      }
      small.putImageData(image, 0, 0);
      // A grid's outer samples lie on the edge, so the image, whose pixels are areas, is drawn half a pixel larger.
      const margin = canvas.width / (size - 1) / 2;
      context.imageSmoothingQuality = "high";
      context.drawImage(small.canvas, -margin, -margin, canvas.width + 2 * margin, canvas.height + 2 * margin);
    },
  };
}
