// What each pane shows.
import type { ServerState } from "./contract";
import { type LayerChoice, sameChoice } from "./tiles";

export interface PaneSettings {
  layer: LayerChoice;
  /** What shows through, or on the other side of the divider. */
  below: LayerChoice;
  /** 0..1, of `layer`. */
  opacity: number;
  /** Where the divider stands, 0..1 of the width; null without one. */
  swipe: number | null;
  /** Ids of vector layers drawn on top. */
  vectors: string[];
}

/** The image and the class map; then how sure it is, and the probability of the first class. */
export function defaultPanes(server: Pick<ServerState, "composite" | "outputs">): PaneSettings[] {
  const image: LayerChoice = { kind: "image", bands: server.composite };
  const output = (at: number): LayerChoice => {
    const found = server.outputs[at];
    return found ? { kind: "output", id: found.id } : image;
  };
  return [image, output(0), output(1), output(2)].map((layer) => ({
    layer,
    // The image is compared with the map, the map with the image.
    below: layer === image ? output(0) : image,
    opacity: 1,
    swipe: null,
    vectors: [],
  }));
}

/** After a reload some layers may be gone: such a pane shows the image. */
export function mended(pane: PaneSettings, server: Pick<ServerState, "outputs" | "layers" | "bands" | "composite">): PaneSettings {
  const known = (layer: LayerChoice): boolean => {
    if (layer.kind === "output") return server.outputs.some((output) => output.id === layer.id);
    if (layer.kind === "layer") return server.layers.some((other) => other.id === layer.id);
    return layer.bands.every((name) => server.bands.some((band) => band.name === name));
  };
  const image: LayerChoice = { kind: "image", bands: server.composite };
  return {
    ...pane,
    layer: known(pane.layer) ? pane.layer : image,
    below: known(pane.below) ? pane.below : image,
    vectors: pane.vectors.filter((id) => server.layers.some((layer) => layer.id === id)),
  };
}

/** A layer chosen to be shown that was the one behind changes places with it: compared with itself it shows nothing. */
export function changedPane(pane: PaneSettings, part: Partial<PaneSettings>): PaneSettings {
  const swapped = part.layer !== undefined && part.below === undefined && sameChoice(part.layer, pane.below);
  return { ...pane, ...(swapped ? { below: pane.layer } : {}), ...part };
}
