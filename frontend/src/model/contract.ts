// What the server says and what it is told, field by field. x and y are columns and rows of the first image's grid.

export interface Grid {
  rows: number;
  cols: number;
  /** Number of tile levels; level 0 is full resolution, level k is 2^k times coarser. */
  levels: number;
  /** Height of a pixel divided by its width, both in metres. */
  aspect: number;
  metres_per_pixel: number;
  crs: string;
  /** Where north lies on the page, in degrees clockwise from up: 0 is up, 180 down. */
  north: number;
}

export interface LegendEntry {
  value: number;
  label: string;
  color: string;
}

export interface Band {
  name: string;
  group: string;
}

export interface Output {
  id: string;
  title: string;
}

export interface UserLayer {
  id: string;
  kind: "raster" | "vector";
  title: string;
  bands?: number;
  style?: "class" | "gray" | "rgb";
}

export interface Point {
  id: string;
  x: number;
  y: number;
  lon: number;
  lat: number;
  value: number;
  source: string;
  kind: "collected" | "imported" | "plot";
  ring?: [number, number][] | null;
  editable: boolean;
}

export interface Training {
  status: "none" | "waiting" | "training" | "ready" | "failed";
  message: string;
  rows: number;
  seconds: number;
  by_class: Record<string, number>;
}

/** What cross-validation found above a threshold; `right`, `share` and `errors_held` are fractions. */
export interface Above {
  threshold: number;
  right: number | null;
  share: number;
  errors_held: number | null;
  /** All of it in words. */
  text: string;
}

export interface Check {
  /** Null where the check could not be made; `text` says why. */
  accuracy: number | null;
  spread: number;
  rows: number;
  above: Above[];
  text: string;
}

export interface Overviews {
  missing: string[];
  building: boolean;
  progress?: number;
}

export interface ServerState {
  recipe: { name: string; file: string };
  grid: Grid;
  /** Grows when the image or its files change. */
  images: number;
  legend: LegendEntry[];
  bands: Band[];
  composite: string[];
  outputs: Output[];
  palette: string[];
  layers: UserLayer[];
  version: number;
  points: Point[];
  undo: boolean;
  redo: boolean;
  training: Training;
  revision: number | null;
  live: boolean;
  check: Check | null;
  overviews: Overviews;
  notes: string[];
}

export type Change =
  | { op: "add"; x: number; y: number; value: number }
  | { op: "reclass"; id: string; value: number }
  | { op: "move"; id: string; x: number; y: number }
  | { op: "delete"; id: string }
  | { op: "plot"; ring: [number, number][]; value: number }
  | { op: "undo" }
  | { op: "redo" };

export interface Changes {
  type: "points";
  version: number;
  changed: Point[];
  removed: string[];
  undo: boolean;
  redo: boolean;
  selected: string | null;
}

export interface Values {
  x: number;
  y: number;
  crs_x: number;
  crs_y: number;
  lon: number | null;
  lat: number | null;
  bands: { name: string; value: number | null }[];
  valid: boolean;
  class: { value: number; label: string } | null;
  class_probability: number | null;
  probabilities: Record<string, number>;
}

export interface Place {
  x: number;
  y: number;
  value: number;
  probability: number;
}

export interface FileEntry {
  name: string;
  path: string;
  kind: "folder" | "raster" | "vector" | "mbtiles";
}

export interface Files {
  folder: string;
  /** The folders one can begin from, and the way down to this one. */
  parents: { name: string; path: string }[];
  entries: FileEntry[];
}

export interface VectorFeature {
  kind: "point" | "line" | "polygon";
  coordinates: unknown;
  title: string;
}

export type ServerEvent =
  | Changes
  | { type: "hello"; version: number }
  | ({ type: "training" } & Training)
  | { type: "model"; revision: number; outputs: Output[] }
  | ({ type: "check" } & Check)
  | ({ type: "overviews" } & Overviews)
  | { type: "reload"; reason: string }
  | { type: "note"; text: string }
  | { type: "live"; on: boolean }
  | { type: "layers"; layers: UserLayer[] };

/** Columns and rows of the first and the last tile of the level that the view shows. */
export interface ViewMessage {
  type: "view";
  level: number;
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

export type NextRule = "confidence" | "margin";
export type Limits = [number, number];
