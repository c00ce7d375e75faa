// Addresses of tiles. Browsers keep tiles for good, so whatever a tile depends on stands in its address: the model's
// revision, the stretch, and a number for the files, which may change under the same names.
import type { Limits } from "./contract";

/** What a pane can show. */
export type LayerChoice =
  | { kind: "output"; id: string }
  | { kind: "image"; bands: string[] }
  | { kind: "layer"; id: string };

export interface TileContext {
  /** Grows when the image or its files change. */
  images: number;
  revision: number | null;
  /** Percent below which the class map is pale; null when off. */
  fade: number | null;
  stretch: Record<string, Limits>;
}

export type TileAddress = { key: string; url(level: number, col: number, row: number): string };

/** Where the tiles of a choice are, or null when there are none yet (no model, limits not known). */
export function tileAddress(choice: LayerChoice, context: TileContext): TileAddress | null {
  if (choice.kind === "output") return modelTiles(choice.id, context);
  if (choice.kind === "image") return imageTiles(choice.bands, context);
  return address(`/tiles/layer/${encodeURIComponent(choice.id)}`, "png", `?v=${context.images}`);
}

function modelTiles(output: string, { revision, fade }: TileContext): TileAddress | null {
  if (revision === null) return null;
  const query = output === "class" && fade !== null ? `?fade=${fade}` : "";
  return address(`/tiles/model/${revision}/${encodeURIComponent(output)}`, "png", query);
}

function imageTiles(bands: string[], { stretch, images }: TileContext): TileAddress | null {
  const limits = bands.map((band) => stretch[band]);
  if (limits.some((pair) => pair === undefined)) return null;
  // Three times the same band is that band in gray.
  const gray = new Set(bands).size === 1;
  const shown = gray ? bands.slice(0, 1) : bands;
  const edges = (gray ? limits.slice(0, 1) : limits).flat().join(",");
  const query = `?bands=${shown.map(encodeURIComponent).join(",")}&limits=${edges}&v=${images}`;
  return address("/tiles/image", "webp", query);
}

function address(folder: string, type: string, query: string): TileAddress {
  return {
    key: `${folder}${query}`,
    url: (level, col, row) => `${folder}/${level}/${col}/${row}.${type}${query}`,
  };
}

export function sameChoice(one: LayerChoice, other: LayerChoice): boolean {
  return choiceKey(one) === choiceKey(other);
}

/** A choice as the value of an <option>, and back. */
export function choiceKey(choice: LayerChoice): string {
  return JSON.stringify(choice.kind === "image" ? ["image", choice.bands] : [choice.kind, choice.id]);
}

export function choiceOfKey(key: string): LayerChoice {
  const [kind, what] = JSON.parse(key) as ["output" | "image" | "layer", string | string[]];
  return kind === "image" ? { kind, bands: what as string[] } : { kind, id: what as string };
}
