// Which key does what. Text fields, lists and sliders keep their keys; buttons keep Enter and space.

export type Command =
  | { do: "class"; index: number }
  | { do: "pan"; dx: number; dy: number }
  | { do: "zoom"; by: number }
  | { do: "history"; step: -1 | 1 }
  | { do: "escape" | "delete" | "undo" | "redo" | "next" | "enter" | "training" | "plot" | "copy" | "help" | "fit" };

export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

export type Focus = "field" | "button" | "page";

const PLAIN = new Map<string, Command>(Object.entries({
  Escape: { do: "escape" },
  Delete: { do: "delete" },
  Backspace: { do: "delete" },
  Enter: { do: "enter" },
  n: { do: "next" },
  t: { do: "training" },
  d: { do: "plot" },
  c: { do: "copy" },
  f: { do: "fit" },
  "?": { do: "help" },
  p: { do: "history", step: -1 },
  "[": { do: "history", step: -1 },
  "]": { do: "history", step: 1 },
  ArrowLeft: { do: "pan", dx: -1, dy: 0 },
  ArrowRight: { do: "pan", dx: 1, dy: 0 },
  ArrowUp: { do: "pan", dx: 0, dy: 1 },
  ArrowDown: { do: "pan", dx: 0, dy: -1 },
  "+": { do: "zoom", by: 1 },
  "=": { do: "zoom", by: 1 },
  "-": { do: "zoom", by: -1 },
  _: { do: "zoom", by: -1 },
}));

export function commandOf(press: KeyPress, focus: Focus): Command | null {
  if (focus === "field") return press.key === "Escape" ? { do: "escape" } : null;
  if (focus === "button" && press.key === "Enter") return null;
  if (press.altKey) return null;
  if (press.ctrlKey || press.metaKey) return withControl(press);
  if (/^[1-9]$/.test(press.key)) return { do: "class", index: Number(press.key) - 1 };
  return PLAIN.get(press.key) ?? PLAIN.get(press.key.toLowerCase()) ?? null;
}

function withControl(press: KeyPress): Command | null {
  const key = press.key.toLowerCase();
  if (key === "z") return { do: press.shiftKey ? "redo" : "undo" };
  if (key === "y") return { do: "redo" };
  // SEPAL's own keys for zooming.
  if (press.shiftKey && (key === "+" || key === "=")) return { do: "zoom", by: 1 };
  if (press.shiftKey && (key === "_" || key === "-")) return { do: "zoom", by: -1 };
  return null;
}
