import assert from "node:assert/strict";
import { test } from "node:test";
import type { Grid } from "./contract";
import {
  isInside,
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

test("the view that the server hears of lies within the image", () => {
  const message = viewMessage(grid(), [-50, -900, 500.2, 20], 1);
  assert.deepEqual(message, { type: "view", level: 0, x0: 0, y0: 0, x1: 501, y1: 600 });
});

test("scale bars have round lengths that fit", () => {
  const table: [number, string][] = [[10, "1 km"], [0.3125, "20 m"], [1.6, "200 m"], [160, "20 km"], [0.001, "10 cm"]];
  for (const [metres, text] of table) {
    const bar = scaleBar(metres, 130);
    assert.equal(bar.text, text);
    assert.ok(bar.pixels <= 130 && bar.pixels > 130 / 2.51, `${metres}: ${bar.pixels}`);
  }
});
