import assert from "node:assert/strict";
import { test } from "node:test";
import type { Grid } from "./contract";
import {
  isInside,
  isTurned,
  levelOfResolution,
  levelOfZ,
  mapExtent,
  scaleBar,
  tileResolutions,
  toMap,
  toPixel,
  viewMessage,
} from "./placing";

const grid = (part: Partial<Grid> = {}): Grid => ({
  rows: 600,
  cols: 1000,
  levels: 3,
  aspect: 1,
  metres_per_pixel: 10,
  crs: "EPSG:32736",
  north: 0,
  ...part,
});

test("pixels to the map and back", () => {
  for (const aspect of [1, 0.5, 1.0471]) {
    for (const [x, y] of [[0, 0], [103.5, 88.5], [1000, 600], [-3, -7]] as [number, number][]) {
      const [backX, backY] = toPixel(grid({ aspect }), toMap(grid({ aspect }), [x, y]));
      assert.ok(Math.abs(backX - x) < 1e-9 && Math.abs(backY - y) < 1e-9);
    }
  }
  assert.deepEqual(toMap(grid({ aspect: 2 }), [3, 4]), [3, -8]);
  assert.deepEqual(mapExtent(grid({ aspect: 2 })), [0, -1200, 1000, 0]);
});

test("the edges of the image belong to it on the left and the top only", () => {
  assert.equal(isInside(grid(), [0, 0]), true);
  assert.equal(isInside(grid(), [999.999, 599.999]), true);
  assert.equal(isInside(grid(), [1000, 10]), false);
  assert.equal(isInside(grid(), [10, -0.001]), false);
});

test("level 0 is full resolution, the last z", () => {
  assert.deepEqual(tileResolutions(grid()), [4, 2, 1]);
  assert.deepEqual([0, 1, 2].map((z) => levelOfZ(grid(), z)), [2, 1, 0]);
  const table: [number, number][] = [[1 / 32, 0], [1, 0], [1.9, 1], [4, 2], [100, 2]];
  for (const [resolution, level] of table) assert.equal(levelOfResolution(grid(), resolution), level);
});

test("the server hears of the tiles that a view shows", () => {
  // Extents as OpenLayers has them: left, bottom, right, top. 1000 x 600 pixels are 4 x 3 tiles, 2 x 2, 1 x 1.
  const table: [Grid, number[], number, number[]][] = [
    [grid(), [-50, -900, 500.2, 20], 1, [0, 0, 0, 1, 2]],
    [grid(), [300, -500, 700, -270], 1, [0, 1, 1, 2, 1]],
    [grid(), [300, -290, 310, -270], 1 / 16, [0, 1, 1, 1, 1]],
    [grid(), [300, -500, 700, -270], 2, [1, 0, 0, 1, 0]],
    [grid(), [-5000, -5000, 5000, 5000], 20, [2, 0, 0, 0, 0]],
    // An image that ends with a tile has none beyond it.
    [grid({ cols: 512, rows: 256 }), [0, -256, 512, 0], 1, [0, 0, 0, 1, 0]],
    // Rows of pixels twice as high as wide: 540 map units are row 270.
    [grid({ aspect: 2 }), [0, -1000, 100, -540], 1, [0, 0, 1, 0, 1]],
  ];
  for (const [image, extent, resolution, [level, x0, y0, x1, y1]] of table) {
    assert.deepEqual(viewMessage(image, extent, resolution), { type: "view", level, x0, y0, x1, y1 });
  }
});

test("north is shown where it is not up", () => {
  const table: [number, boolean][] = [[0, false], [2, false], [-1.5, false], [358.5, false], [3, true], [180, true], [-90, true], [357, true]];
  for (const [north, turned] of table) assert.equal(isTurned(north), turned, String(north));
});

test("scale bars have round lengths that fit", () => {
  const table: [number, string][] = [[10, "1 km"], [0.3125, "20 m"], [1.6, "200 m"], [160, "20 km"], [0.001, "10 cm"]];
  for (const [metres, text] of table) {
    const bar = scaleBar(metres, 130);
    assert.equal(bar.text, text);
    assert.ok(bar.pixels <= 130 && bar.pixels > 130 / 2.51, `${metres}: ${bar.pixels}`);
  }
});
