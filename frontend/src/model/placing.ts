// Between pixels of the image (x = column, y = row, downwards) and the flat coordinates of the map (upwards), and
// between resolutions and tile levels. A map unit is one pixel's width.
import type { Grid, ViewMessage } from "./contract";

export const TILE_SIZE = 256;
export type Pair = [number, number];

export function toMap(grid: Grid, [x, y]: Pair): Pair {
  return [x, -y * grid.aspect];
}

export function toPixel(grid: Grid, [mapX, mapY]: readonly number[]): Pair {
  return [mapX ?? 0, 0 - (mapY ?? 0) / grid.aspect];
}

export function isInside(grid: Grid, [x, y]: Pair): boolean {
  return x >= 0 && y >= 0 && x < grid.cols && y < grid.rows;
}

export function mapExtent(grid: Grid): [number, number, number, number] {
  return [0, -grid.rows * grid.aspect, grid.cols, 0];
}

/** Resolutions of the tile grid, coarsest first as OpenLayers counts them. */
export function tileResolutions(grid: Grid): number[] {
  return Array.from({ length: grid.levels }, (_, z) => 2 ** (grid.levels - 1 - z));
}

export function levelOfZ(grid: Grid, z: number): number {
  return grid.levels - 1 - z;
}

/** The level the server should think of when the view shows `resolution` map units per screen pixel. */
export function levelOfResolution(grid: Grid, resolution: number): number {
  return Math.min(grid.levels - 1, Math.max(0, Math.round(Math.log2(resolution))));
}

/** The tiles that the view shows, cut to those that exist. */
export function viewMessage(grid: Grid, extent: readonly number[], resolution: number): ViewMessage {
  const [left, top] = toPixel(grid, [extent[0] ?? 0, extent[3] ?? 0]);
  const [right, bottom] = toPixel(grid, [extent[2] ?? 0, extent[1] ?? 0]);
  const level = levelOfResolution(grid, resolution);
  const size = TILE_SIZE * 2 ** level;
  const tile = (pixel: number, pixels: number) =>
    Math.min(Math.ceil(pixels / size) - 1, Math.max(0, Math.floor(pixel / size)));
  return {
    type: "view",
    level,
    x0: tile(left, grid.cols),
    y0: tile(top, grid.rows),
    x1: tile(right, grid.cols),
    y1: tile(bottom, grid.rows),
  };
}

const NORTH_IS_UP_WITHIN = 2;

/** Whether north lies so far from up that the page has to say where it is. */
export function isTurned(north: number): boolean {
  return Math.abs(north - 360 * Math.round(north / 360)) > NORTH_IS_UP_WITHIN;
}

/** A round length for a scale bar at most `widest` screen pixels wide. */
export function scaleBar(metresPerScreenPixel: number, widest: number): { pixels: number; text: string } {
  const most = metresPerScreenPixel * widest;
  const power = 10 ** Math.floor(Math.log10(most));
  const metres = ([5, 2, 1].find((step) => step * power <= most) ?? 1) * power;
  const text = metres >= 1000 ? `${metres / 1000} km` : metres >= 1 ? `${metres} m` : `${round(metres * 100)} cm`;
  return { pixels: metres / metresPerScreenPixel, text };
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
