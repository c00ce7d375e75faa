// What the panes show, and the user's own files.
import { api } from "../api";
import { changedPane, type PaneSettings } from "../model/panes";
import { choiceOfKey } from "../model/tiles";
import { store } from "../store";
import { complain } from "./messages";
import { patchServer, takeLayers } from "./server";
import { needStretch } from "./stretch";

export function setPane(index: number, part: Partial<PaneSettings>): void {
  store.set({ panes: store.get().panes.map((pane, at) => (at === index ? changedPane(pane, part) : pane)) });
  for (const layer of [part.layer, part.below]) if (layer) void needStretch(layer);
}

/** What was picked in a pane's list: a layer, or that a file is to be added. */
export function chooseLayer(index: number, key: string): void {
  if (key === "add") {
    store.set({ dialog: { kind: "files", pane: index } });
    return;
  }
  setPane(index, { layer: choiceOfKey(key) });
}

/** Tiles are shown in the pane that the file was chosen for, features in all that are seen. */
export async function addLayer(path: string, index: number): Promise<boolean> {
  try {
    const layer = await api.addLayer(path);
    const { server } = store.get();
    if (server) patchServer({ layers: [...server.layers.filter((known) => known.id !== layer.id), layer] });
    if (layer.kind === "vector") {
      const { layout, panes } = store.get();
      await loadVector(layer.id);
      store.set({ panes: panes.map((p, at) => (at < layout ? { ...p, vectors: [...p.vectors, layer.id] } : p)) });
    } else setPane(index, { layer: { kind: "layer", id: layer.id } });
    return true;
  } catch (error) {
    complain(error);
    return false;
  }
}

export async function loadVector(id: string): Promise<void> {
  if (store.get().vectors[id]) return;
  try {
    const { features } = await api.features(id);
    store.set({ vectors: { ...store.get().vectors, [id]: features } });
  } catch (error) {
    complain(error);
  }
}

export async function removeLayer(id: string): Promise<void> {
  try {
    await api.removeLayer(id);
    takeLayers((store.get().server?.layers ?? []).filter((layer) => layer.id !== id));
  } catch (error) {
    complain(error);
  }
}
