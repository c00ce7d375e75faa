import assert from "node:assert/strict";
import { test } from "node:test";
import { waitBefore } from "./events";

test("the page waits longer each time, but never long", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 50].map(waitBefore), [500, 1000, 2000, 4000, 8000, 8000, 8000]);
});
