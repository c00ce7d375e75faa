import assert from "node:assert/strict";
import { test } from "node:test";
import type { Changes, Point } from "./contract";
import { Points } from "./points";

const point = (id: string, value = 10): Point => ({
  id,
  x: 1.5,
  y: 2.5,
  lon: 32,
  lat: -13,
  value,
  source: "points.csv",
  kind: "collected",
  editable: true,
});

const changes = (version: number, changed: Point[], removed: string[] = []): Changes => ({
  type: "points",
  version,
  changed,
  removed,
  undo: true,
  redo: false,
  selected: null,
});

test("a change is applied once, however often it comes", () => {
  const points = new Points();
  points.replace([point("a"), point("b")], 4);
  const heard: string[][] = [];
  points.subscribe((changed, removed) => heard.push([...changed.map(({ id }) => id), ...removed]));
  assert.equal(points.apply(changes(5, [point("a", 20), point("c")], ["b"])), "applied");
  assert.equal(points.apply(changes(5, [point("a", 20), point("c")], ["b"])), "known");
  assert.deepEqual(heard, [["a", "c", "b"]]);
  assert.deepEqual(points.all().map(({ id, value }) => [id, value]), [["a", 20], ["c", 10]]);
});

test("a missed change is noticed and nothing is applied on top of it", () => {
  const points = new Points();
  points.replace([point("a")], 4);
  assert.equal(points.apply(changes(6, [], ["a"])), "gap");
  assert.equal(points.size, 1);
  assert.equal(points.version, 4);
});
