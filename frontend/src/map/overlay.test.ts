import assert from "node:assert/strict";
import { test } from "node:test";
import { isCrowded } from "./overlay";

test("points are gathered where they would hide the map", () => {
  const table: [number, number, number, boolean][] = [
    [60, 700, 800, false],
    [500, 720, 800, false],
    [500, 370, 660, true],
    [11000, 1440, 800, true],
    [2001, 4000, 4000, true],
  ];
  for (const [points, width, height, crowded] of table) assert.equal(isCrowded(points, width, height), crowded, `${points}`);
});
