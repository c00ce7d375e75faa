// Going to a place, and the places worth a point.
import { api } from "../api";
import type { NextRule, Place } from "../model/contract";
import type { Pair } from "../model/placing";
import { emptied, needsList } from "../model/suggestions";
import { type Draft, store } from "../store";
import { complain, toast } from "./messages";

const MOST_PLACES_PER_CLASS = 5;

type GoTo = (at: Pair, resolution: number | null) => void;

let handler: GoTo = () => {};

export const goTo: GoTo = (at, resolution) => handler(at, resolution);

/** The map tells here how to centre a place; null keeps the resolution. */
export function onGoTo(go: GoTo): void {
  handler = go;
}

export function setRule(rule: NextRule): void {
  store.set({ places: emptied(store.get().places, rule) });
}

const SUGGESTION_RESOLUTION = 0.25;

export async function nextPlace(): Promise<void> {
  const { places, server } = store.get();
  if (!server || server.revision === null) {
    toast("Places are suggested once there is a model: add points of two classes first.");
    return;
  }
  const { revision } = server;
  if (!needsList(places, revision)) return showPlace(places.list, places.at + 1);
  store.set({ places: { ...places, seed: places.seed + 1 } });
  try {
    const found = await api.next(places.rule, MOST_PLACES_PER_CLASS, places.seed);
    if (found.places.length > 0) {
      store.set({ places: { ...store.get().places, message: found.message, revision } });
      showPlace(found.places, 0);
    } else {
      setRule(places.rule);
      toast(found.message || "No place is uncertain enough to be suggested.");
    }
  } catch (error) {
    complain(error);
  }
}

function showPlace(list: Place[], at: number): void {
  const place = list[at];
  if (!place) return;
  const { places, collecting } = store.get();
  // While collecting, the suggestion waits for its class like a clicked point: one key gives it.
  const draft: Draft | null = collecting ? { at: [place.x, place.y], ring: null, value: null } : null;
  store.set({ places: { ...places, list, at }, draft, selected: null });
  goTo([place.x, place.y], SUGGESTION_RESOLUTION);
}
