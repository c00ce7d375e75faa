import assert from "node:assert/strict";
import { test } from "node:test";
import type { Check, Training } from "./contract";
import { aboveAt, aboveSentence, accuracySentence, figure, savedSentence, trainingSentence } from "./sentences";

const check: Check = {
  accuracy: 0.912,
  spread: 0.021,
  rows: 400,
  above: [
    { threshold: 0, right: 0.91, share: 1, errors_held: 1, text: "all" },
    { threshold: 80, right: 0.95, share: 0.7, errors_held: 0.25, text: "at 80 % or more, 95 % were right" },
    { threshold: 95, right: null, share: 0, errors_held: null, text: "no point reached 95 %" },
  ],
  text: "",
};

test("what lies above a threshold", () => {
  assert.equal(aboveAt(check, 79)?.threshold, 0);
  assert.equal(aboveAt(check, 80)?.threshold, 80);
  assert.equal(aboveAt(null, 80), null);
  assert.equal(aboveSentence(check, 80), "at 80 % or more, 95 % were right");
  assert.equal(aboveSentence(check, 95), "no point reached 95 %");
  assert.match(aboveSentence(null, 80), /once cross-validation has run/);
});

test("a page without its server calls nothing saved that is not", () => {
  assert.equal(savedSentence(false), "Your points are saved.");
  assert.doesNotMatch(savedSentence(true), /Your points are saved/);
});

test("how training stands", () => {
  const training: Training = { status: "ready", message: "", rows: 60, seconds: 0.0257, by_class: {} };
  assert.equal(trainingSentence(training, 1), "1 point · trained in 26 ms");
  assert.equal(trainingSentence({ ...training, seconds: 2.34 }, 11000), "11,000 points · trained in 2.3 s");
  assert.equal(trainingSentence({ ...training, status: "waiting" }, 2), "2 points · changes wait for training");
  assert.equal(accuracySentence(check), "91 ± 2 %");
  assert.equal(accuracySentence({ ...check, spread: 0 }), "91 %");
});

test("band values are short", () => {
  const table: [number | null, string][] = [[null, "no data"], [1234, "1234"], [0.123456, "0.1235"], [-2, "-2"]];
  for (const [value, text] of table) assert.equal(figure(value), text);
});
