import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_HISTORY, stepped, visited, without } from "./history";

const abc = ["a", "b", "c"].reduce(visited, NO_HISTORY);

test("the last visited point is the newest", () => {
  assert.deepEqual(abc, { ids: ["a", "b", "c"], at: 2 });
  assert.deepEqual(visited(abc, "a"), { ids: ["b", "c", "a"], at: 2 });
  const back = stepped(abc, -1);
  assert.equal(visited(back, "b"), back);
});

test("steps stay within the history", () => {
  assert.equal(stepped(stepped(stepped(abc, -1), -1), -1).at, 0);
  assert.equal(stepped(abc, 1).at, 2);
  assert.equal(stepped(NO_HISTORY, -1).at, -1);
});

test("removed points leave it", () => {
  assert.deepEqual(without(abc, new Set(["c"])), { ids: ["a", "b"], at: 1 });
  assert.deepEqual(without(stepped(abc, -1), new Set(["a"])), { ids: ["b", "c"], at: 0 });
  assert.deepEqual(without(abc, new Set(["a", "b", "c"])), { ids: [], at: -1 });
  assert.equal(without(abc, new Set(["x"])), abc);
});
