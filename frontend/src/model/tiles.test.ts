import assert from "node:assert/strict";
import { test } from "node:test";
import { choiceKey, choiceOfKey, type LayerChoice, tileAddress, type TileContext } from "./tiles";

const context: TileContext = {
  images: 5,
  revision: 7,
  fade: null,
  stretch: { nir: [10, 3000], red: [0, 1500.5], "a b&c": [1, 2] },
};

test("addresses of tiles", () => {
  const table: [LayerChoice, Partial<TileContext>, string | null][] = [
    [{ kind: "output", id: "class" }, {}, "/tiles/model/7/class/2/3/4.png"],
    [{ kind: "output", id: "class" }, { fade: 80 }, "/tiles/model/7/class/2/3/4.png?fade=80"],
    [{ kind: "output", id: "class" }, { fade: 0 }, "/tiles/model/7/class/2/3/4.png?fade=0"],
    // Only the class map fades: the others show probability itself.
    [{ kind: "output", id: "class_probability" }, { fade: 80 }, "/tiles/model/7/class_probability/2/3/4.png"],
    [{ kind: "output", id: "class" }, { revision: null }, null],
    [{ kind: "image", bands: ["nir", "red", "nir"] }, {}, "/tiles/image/2/3/4.webp?bands=nir,red,nir&limits=10,3000,0,1500.5,10,3000&v=5"],
    [{ kind: "image", bands: ["red"] }, {}, "/tiles/image/2/3/4.webp?bands=red&limits=0,1500.5&v=5"],
    [{ kind: "image", bands: ["red", "red", "red"] }, {}, "/tiles/image/2/3/4.webp?bands=red&limits=0,1500.5&v=5"],
    [{ kind: "image", bands: ["a b&c"] }, {}, "/tiles/image/2/3/4.webp?bands=a%20b%26c&limits=1,2&v=5"],
    [{ kind: "image", bands: ["swir1"] }, {}, null],
    [{ kind: "layer", id: "r1" }, {}, "/tiles/layer/r1/2/3/4.png?v=5"],
    [{ kind: "layer", id: "../x" }, {}, "/tiles/layer/..%2Fx/2/3/4.png?v=5"],
  ];
  for (const [choice, part, url] of table) {
    assert.equal(tileAddress(choice, { ...context, ...part })?.url(2, 3, 4) ?? null, url);
  }
});

test("whatever changes the tiles changes the key", () => {
  const keys = [
    tileAddress({ kind: "output", id: "class" }, context),
    tileAddress({ kind: "output", id: "class" }, { ...context, revision: 8 }),
    tileAddress({ kind: "output", id: "class" }, { ...context, fade: 80 }),
    tileAddress({ kind: "output", id: "probability_10" }, context),
    tileAddress({ kind: "image", bands: ["nir"] }, context),
    tileAddress({ kind: "image", bands: ["nir"] }, { ...context, images: 6 }),
    tileAddress({ kind: "layer", id: "r1" }, context),
    tileAddress({ kind: "layer", id: "r1" }, { ...context, images: 6 }),
    tileAddress({ kind: "image", bands: ["nir"] }, { ...context, stretch: { nir: [10, 2000] } }),
  ].map((address) => address?.key);
  assert.equal(new Set(keys).size, keys.length);
});

test("a choice survives the list it is picked from", () => {
  const choices: LayerChoice[] = [
    { kind: "output", id: "probability_10" },
    { kind: "image", bands: ["nir", "red,green", '"'] },
    { kind: "layer", id: "v1" },
  ];
  for (const choice of choices) assert.deepEqual(choiceOfKey(choiceKey(choice)), choice);
});
