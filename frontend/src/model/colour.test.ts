import assert from "node:assert/strict";
import { test } from "node:test";
import { hexColour, inkOn, luminance } from "./colour";

test("only hex colours reach a style", () => {
  const table: [string | undefined, string][] = [
    ["#006400", "#006400"],
    ["#FFBB22", "#ffbb22"],
    ["#fB2", "#ffbb22"],
    ["red", "#ffffff"],
    ["url(http://example.org/x)", "#ffffff"],
    ["#006400;background:url(x)", "#ffffff"],
    ["#12345", "#ffffff"],
    [undefined, "#ffffff"],
  ];
  for (const [given, made] of table) assert.equal(hexColour(given), made, String(given));
});

test("luminance is that of WCAG", () => {
  assert.equal(luminance("#000000"), 0);
  assert.ok(Math.abs(luminance("#ffffff") - 1) < 1e-9);
  // Published contrast of #767676 on white: 4.54.
  assert.equal((1.05 / (luminance("#767676") + 0.05)).toFixed(2), "4.54");
});

test("ink has a contrast of at least 4.5 on every colour", () => {
  for (let value = 0; value < 0xffffff; value += 4099) {
    const colour = `#${value.toString(16).padStart(6, "0")}`;
    const [dark = 0, light = 0] = [luminance(colour), luminance(inkOn(colour))].sort((a, b) => a - b);
    assert.ok((light + 0.05) / (dark + 0.05) >= 4.5, colour);
  }
});
