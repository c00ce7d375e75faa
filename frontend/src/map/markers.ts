// How points are drawn. Styles are made once per look: 11,000 points share a handful of pictures.
import type { FeatureLike } from "ol/Feature";
import CircleStyle from "ol/style/Circle";
import Fill from "ol/style/Fill";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";
import Text from "ol/style/Text";
import { hexColour, OUTSIDE_LEGEND } from "../model/colour";
import type { LegendEntry, Point } from "../model/contract";

const DARK = "#14181c";
const LIGHT = "#ffffff";
const cache = new Map<string, Style[]>();

function cached(key: string, make: () => Style[]): Style[] {
  const known = cache.get(key) ?? make();
  cache.set(key, known);
  return known;
}

export function colourOf(value: number, legend: readonly LegendEntry[]): string {
  const entry = legend.find((known) => known.value === value);
  return entry ? hexColour(entry.color) : OUTSIDE_LEGEND;
}

/** A dark ring within a light one can be seen on every image. */
function disc(fill: string | null, radius: number, stroke: number): Style[] {
  return [
    new Style({
      image: new CircleStyle({ radius: radius + stroke, stroke: new Stroke({ color: LIGHT, width: stroke + 1 }) }),
    }),
    new Style({
      image: new CircleStyle({
        radius,
        fill: new Fill({ color: fill ?? "rgba(255,255,255,0.15)" }),
        stroke: new Stroke({ color: DARK, width: stroke }),
      }),
    }),
  ];
}

function outline(fill: string | null, width: number): Style[] {
  return [
    new Style({ stroke: new Stroke({ color: LIGHT, width: width + 2 }) }),
    new Style({
      stroke: new Stroke({ color: fill ?? DARK, width }),
      fill: new Fill({ color: fill ? `${fill}40` : "rgba(255,255,255,0.12)" }),
    }),
  ];
}

export function pointStyle(point: Point, legend: readonly LegendEntry[]): Style[] {
  const colour = colourOf(point.value, legend);
  if (point.ring) return cached(`ring ${colour}`, () => outline(colour, 2.5));
  return cached(`disc ${colour}`, () => disc(colour, 5.5, 1.5));
}

export function selectedStyle(colour: string, ring: boolean): Style[] {
  return cached(`selected ${colour} ${ring}`, () => (ring ? outline(colour, 4) : disc(colour, 8, 3.5)));
}

export function draftStyle(colour: string | null, ring: boolean): Style[] {
  return cached(`draft ${colour} ${ring}`, () => (ring ? outline(colour, 3) : disc(colour, 8, 2.5)));
}

/** A cluster shows how many; its ring has the colour of its points if they agree. */
export function clusterStyle(features: readonly FeatureLike[], legend: readonly LegendEntry[]): Style[] {
  const values = new Set(features.map((feature) => (feature.get("point") as Point).value));
  const [only] = values;
  const colour = values.size === 1 && only !== undefined ? colourOf(only, legend) : "#aab4bd";
  const radius = 11 + Math.min(9, Math.round(2.2 * Math.log10(features.length) ** 1.5));
  const text = features.length > 999 ? `${Math.round(features.length / 100) / 10}k` : String(features.length);
  return cached(`cluster ${colour} ${radius} ${text}`, () => [
    // The ring must also be seen on a map of its own colour.
    new Style({ image: new CircleStyle({ radius: radius + 2, stroke: new Stroke({ color: LIGHT, width: 1.5 }) }) }),
    new Style({
      image: new CircleStyle({
        radius,
        fill: new Fill({ color: "rgba(20,24,28,0.78)" }),
        stroke: new Stroke({ color: colour, width: 3 }),
      }),
      text: new Text({ text, font: "600 11px system-ui, sans-serif", fill: new Fill({ color: LIGHT }) }),
    }),
  ]);
}

export function vectorStyle(): Style[] {
  return cached("vector", () => [
    new Style({
      stroke: new Stroke({ color: "rgba(20,24,28,0.75)", width: 3.5 }),
      image: new CircleStyle({ radius: 4, fill: new Fill({ color: "#ffd54a" }), stroke: new Stroke({ color: DARK }) }),
    }),
    new Style({ stroke: new Stroke({ color: "#ffd54a", width: 1.8 }) }),
  ]);
}
