import assert from "node:assert/strict";
import { test } from "node:test";
import { type Command, commandOf, type Focus, type KeyPress } from "./keys";

const press = (key: string, ...held: ("ctrl" | "shift" | "meta" | "alt")[]): KeyPress => ({
  key,
  ctrlKey: held.includes("ctrl"),
  metaKey: held.includes("meta"),
  shiftKey: held.includes("shift"),
  altKey: held.includes("alt"),
});

test("keys and what they do", () => {
  const table: [KeyPress, Focus, Command | null][] = [
    [press("1"), "page", { do: "class", index: 0 }],
    [press("9"), "button", { do: "class", index: 8 }],
    [press("0"), "page", null],
    [press("1"), "field", null],
    [press("Delete"), "field", null],
    [press("Backspace"), "page", { do: "delete" }],
    [press("Escape"), "field", { do: "escape" }],
    [press("Enter"), "page", { do: "enter" }],
    [press("Enter"), "button", null],
    [press("z", "ctrl"), "page", { do: "undo" }],
    [press("Z", "ctrl", "shift"), "page", { do: "redo" }],
    [press("y", "ctrl"), "page", { do: "redo" }],
    [press("z", "meta"), "page", { do: "undo" }],
    [press("z", "ctrl"), "field", null],
    [press("z"), "page", null],
    [press("c", "ctrl"), "page", null],
    [press("N"), "page", { do: "next" }],
    [press("+", "ctrl", "shift"), "page", { do: "zoom", by: 1 }],
    [press("_", "ctrl", "shift"), "page", { do: "zoom", by: -1 }],
    [press("+", "ctrl"), "page", null],
    [press("ArrowUp"), "page", { do: "pan", dx: 0, dy: 1 }],
    [press("ArrowLeft", "alt"), "page", null],
    [press("constructor"), "page", null],
  ];
  for (const [key, focus, command] of table) {
    assert.deepEqual(commandOf(key, focus), command, JSON.stringify([key, focus]));
  }
});
