// Sentences and figures of the page.
import type { Above, Check, Training } from "./contract";

/** What cross-validation found at or just below a threshold. */
export function aboveAt(check: Check | null, threshold: number): Above | null {
  const below = (check?.above ?? []).filter((above) => above.threshold <= threshold);
  return below.reduce<Above | null>((best, above) => (best && best.threshold > above.threshold ? best : above), null);
}

export function aboveSentence(check: Check | null, threshold: number): string {
  const above = aboveAt(check, threshold);
  if (above === null) return "What lies above a threshold is known once cross-validation has run.";
  return above.text;
}

/** What a page without its server says of the points. */
export function savedSentence(unsaved: boolean): string {
  return unsaved ? "The last point or change is not saved; those before it are." : "Your points are saved.";
}

export function trainingSentence(training: Training, points: number): string {
  const count = `${points.toLocaleString("en")} ${points === 1 ? "point" : "points"}`;
  if (training.status === "training") return `${count} · training…`;
  if (training.status === "waiting") return `${count} · changes wait for training`;
  if (training.status === "failed") return `${count} · training failed`;
  if (training.status === "none") return `${count} · no model yet`;
  return `${count} · trained in ${seconds(training.seconds)}`;
}

function seconds(value: number): string {
  return value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(1)} s`;
}

export function accuracySentence(check: Check): string {
  if (check.accuracy === null) return "not possible";
  const spread = check.spread > 0 ? ` ± ${Math.max(1, Math.round(check.spread * 100))}` : "";
  return `${Math.round(check.accuracy * 100)}${spread} %`;
}

/** A band value short enough for a table. */
export function figure(value: number | null): string {
  if (value === null) return "no data";
  if (Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(4)));
}

export function degrees(value: number | null, places = 5): string {
  return value === null ? "–" : value.toFixed(places);
}
