import assert from "node:assert/strict";
import { test } from "node:test";
import { clustersOf, type Located } from "./clusters";

/** Points that are the same in every run. */
function scattered(count: number, size: number): Located[] {
  let seed = 42;
  const next = () => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return (seed / 2147483648) * size;
  };
  return Array.from({ length: count }, () => ({ x: next(), y: -next() }));
}

test("every point is in one cluster", () => {
  for (const distance of [3, 40, 5000]) {
    const points = scattered(800, 1000);
    const members = clustersOf(points, distance).flatMap((cluster) => cluster.members);
    assert.equal(members.length, points.length);
    assert.equal(new Set(members).size, points.length);
  }
});

test("near points are together, far ones apart", () => {
  const a = { x: 99, y: -99 };
  const b = { x: 101, y: -101 };
  const c = { x: 400, y: -400 };
  const clusters = clustersOf([a, b, c], 50).map(({ members }) => members);
  assert.deepEqual(clusters, [[a, b], [c]]);
});

test("the middle of a cluster is that of its points", () => {
  const [cluster] = clustersOf([{ x: 10, y: -10 }, { x: 20, y: -10 }, { x: 12, y: -40 }], 100);
  assert.deepEqual([cluster?.x, cluster?.y], [14, -20]);
});

test("few clusters hide one another", () => {
  const distance = 60;
  const clusters = clustersOf(scattered(5000, 1000), distance);
  const close = clusters.filter((one) =>
    clusters.some((other) => other !== one && Math.hypot(one.x - other.x, one.y - other.y) < distance / 2),
  );
  assert.ok(close.length < clusters.length / 10, `${close.length} of ${clusters.length}`);
});
