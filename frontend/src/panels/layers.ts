// What a pane can show, in groups, with titles.
import type { ServerState } from "../model/contract";
import type { LayerChoice } from "../model/tiles";

type Server = Pick<ServerState, "outputs" | "layers" | "bands" | "composite">;

export interface LayerGroup {
  title: string;
  choices: { layer: LayerChoice; title: string }[];
}

export function titleOf(layer: LayerChoice, server: Server): string {
  if (layer.kind === "output") return server.outputs.find((output) => output.id === layer.id)?.title ?? layer.id;
  if (layer.kind === "layer") return server.layers.find((other) => other.id === layer.id)?.title ?? layer.id;
  const [first = ""] = layer.bands;
  return new Set(layer.bands).size === 1 ? first : layer.bands.join(", ");
}

export function layerGroups(server: Server): LayerGroup[] {
  const image = (bands: string[]): LayerGroup["choices"][number] => {
    const layer: LayerChoice = { kind: "image", bands };
    return { layer, title: titleOf(layer, server) };
  };
  const groups: LayerGroup[] = [
    { title: "Classification", choices: server.outputs.map(({ id, title }) => ({ layer: { kind: "output", id }, title })) },
    { title: "Image", choices: [image(server.composite)] },
  ];
  for (const group of new Set(server.bands.map((band) => band.group))) {
    const bands = server.bands.filter((band) => band.group === group);
    groups.push({ title: `Single band: ${group}`, choices: bands.map((band) => image([band.name])) });
  }
  const rasters = server.layers.filter((layer) => layer.kind === "raster");
  groups.push({ title: "Your files", choices: rasters.map(({ id, title }) => ({ layer: { kind: "layer", id }, title })) });
  return groups.filter((group) => group.choices.length > 0);
}
