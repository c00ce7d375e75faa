import assert from "node:assert/strict";
import { test } from "node:test";
import { changedPane, defaultPanes, mended } from "./panes";
import type { LayerChoice } from "./tiles";

const outputs = [
  { id: "class", title: "Classification" },
  { id: "class_probability", title: "Class probability" },
];
const server = {
  composite: ["nir", "red", "swir1"],
  outputs,
  bands: ["red", "nir", "swir1"].map((name) => ({ name, group: "image 1" })),
  layers: [],
};
const image: LayerChoice = { kind: "image", bands: server.composite };
const map: LayerChoice = { kind: "output", id: "class" };

test("the first panes are the image and the map, each compared with the other", () => {
  const panes = defaultPanes(server);
  assert.deepEqual(panes.map((pane) => pane.layer).slice(0, 3), [image, map, { kind: "output", id: "class_probability" }]);
  assert.deepEqual(panes.map((pane) => pane.below).slice(0, 2), [map, image]);
  assert.deepEqual(new Set(defaultPanes({ ...server, outputs: [] }).map((pane) => pane.layer)), new Set([image]));
});

test("a layer is never compared with itself by choosing it", () => {
  const [first] = defaultPanes(server);
  assert.ok(first);
  assert.deepEqual(changedPane(first, { layer: map }).below, image);
  assert.deepEqual(changedPane(first, { opacity: 0.5 }), { ...first, opacity: 0.5 });
});

test("layers that are gone give way to the image", () => {
  const [, second] = defaultPanes(server);
  assert.ok(second);
  assert.deepEqual(mended(second, { ...server, outputs: [] }).layer, image);
  assert.deepEqual(mended({ ...second, layer: { kind: "layer", id: "r1" }, vectors: ["v1"] }, server), {
    ...second,
    layer: image,
    vectors: [],
  });
  assert.deepEqual(mended(second, server), second);
});
