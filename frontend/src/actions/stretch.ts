// The values drawn darkest and lightest, by band.
import { api } from "../api";
import type { Limits } from "../model/contract";
import type { LayerChoice } from "../model/tiles";
import { store } from "../store";
import { complain } from "./messages";

/** The limits of some bands; null if the image has changed since they were asked for. */
async function limitsOf(bands: string[]): Promise<Record<string, Limits> | null> {
  const images = store.get().server?.images;
  const { limits } = await api.stretch(bands);
  return store.get().server?.images === images ? limits : null;
}

export async function needStretch(layer: LayerChoice): Promise<void> {
  if (layer.kind !== "image") return;
  const missing = [...new Set(layer.bands)].filter((band) => store.get().stretch[band] === undefined);
  if (missing.length === 0) return;
  try {
    const limits = await limitsOf(missing);
    if (limits) store.set({ stretch: { ...limits, ...store.get().stretch } });
  } catch (error) {
    complain(error);
  }
}

/** Ask for the limits of some bands anew, after the user had changed them. */
export async function resetStretch(bands: string[]): Promise<void> {
  try {
    const limits = await limitsOf([...new Set(bands)]);
    if (limits) store.set({ stretch: { ...store.get().stretch, ...limits } });
  } catch (error) {
    complain(error);
  }
}
