import assert from "node:assert/strict";
import { test } from "node:test";
import { emptied, needsList, NO_PLACES, type Places } from "./suggestions";

const place = { x: 1, y: 2, value: 10, probability: 41 };
const places: Places = { ...NO_PLACES, list: [place, place], at: 0, seed: 3, revision: 7 };

test("a list is asked for when there is none, it is used up, or the model changed", () => {
  assert.equal(needsList(NO_PLACES, 7), true);
  assert.equal(needsList(places, 7), false);
  assert.equal(needsList({ ...places, at: 1 }, 7), true);
  assert.equal(needsList(places, 8), true);
});

test("the seed outlives the list", () => {
  assert.deepEqual(emptied(places, "margin"), { ...NO_PLACES, rule: "margin", seed: 3 });
});
