// The state of the server: read as a whole, then kept up by its pushes.
import { api } from "../api";
import type { Changes, Output, ServerEvent, ServerState, UserLayer } from "../model/contract";
import { without } from "../model/history";
import { type Heard, heardToo, isLate, NOTHING_HEARD } from "../model/late";
import { defaultPanes, mended, type PaneSettings } from "../model/panes";
import { Points } from "../model/points";
import { store } from "../store";
import { complain, toast } from "./messages";
import { needStretch } from "./stretch";

export const points = new Points();

/** A reading of the state that is on its way. */
interface Reading {
  heard: Heard;
}

const readings = new Set<Reading>();
let asked = 0;
let taken = 0;

/** Every reading on its way is told what is newer than it may be. */
function hear(news: Partial<Heard>): void {
  for (const reading of readings) reading.heard = heardToo(reading.heard, news);
}

export async function reload(): Promise<void> {
  const number = ++asked;
  const reading: Reading = { heard: NOTHING_HEARD };
  readings.add(reading);
  const state = await api.state().finally(() => readings.delete(reading));
  // One asked for later has been taken over already.
  if (number < taken) return;
  if (isLate(state, reading.heard)) return reload();
  taken = number;
  takeState(state);
}

function takeState({ points: all, ...server }: ServerState): void {
  const before = store.get();
  points.replace(all, server.version);
  const panes = before.panes.length > 0 ? before.panes.map((pane) => mended(pane, server)) : defaultPanes(server);
  const gone = new Set(before.history.ids.filter((id) => points.get(id) === undefined));
  store.set({
    server,
    panes,
    points: points.size,
    failure: null,
    unsaved: false,
    // Limits of another image would show it too dark or too light.
    ...(before.server && before.server.images !== server.images ? { stretch: {} } : {}),
    selected: points.get(before.selected) ? before.selected : null,
    history: without(before.history, gone),
  });
  stretchAll(panes);
}

function stretchAll(panes: readonly PaneSettings[]): void {
  for (const pane of panes) for (const layer of [pane.layer, pane.below]) void needStretch(layer);
}

export function patchServer(part: Partial<Omit<ServerState, "points">>): void {
  const { server } = store.get();
  if (server) store.set({ server: { ...server, ...part } });
}

export function onServerEvent(event: ServerEvent): void {
  if (event.type === "points") takeOver(event);
  else if (event.type === "hello") catchUp(event.version);
  else if (event.type === "training") patchServer({ training: event });
  else if (event.type === "check") patchServer({ check: event });
  else if (event.type === "overviews") patchServer({ overviews: event });
  else if (event.type === "note") toast(event.text);
  else if (event.type === "live") patchServer({ live: event.on });
  else if (event.type === "layers") takeLayers(event.layers);
  else if (event.type === "model") onModel(event.revision, event.outputs);
  else if (event.type === "reload") {
    toast(event.reason);
    reload().catch(complain);
  }
}

/** Points may have changed between the reading of the state and the first event. */
function catchUp(version: number): void {
  hear({ version });
  const { server } = store.get();
  if (server && server.version !== version) reload().catch(complain);
}

/** The user's own layers as they are now; panes that show one that is gone show the image. */
export function takeLayers(layers: UserLayer[]): void {
  const { server, panes, vectors } = store.get();
  if (!server) return;
  const now = { ...server, layers };
  const left = panes.map((pane) => mended(pane, now));
  const kept = Object.entries(vectors).filter(([id]) => layers.some((layer) => layer.id === id));
  store.set({ server: now, panes: left, vectors: Object.fromEntries(kept) });
  stretchAll(left);
}

function onModel(revision: number, outputs: Output[]): void {
  hear({ revision });
  const { server } = store.get();
  // Pushes may overtake one another: only a newer model replaces what is shown.
  if (!server || (server.revision !== null && revision <= server.revision)) return;
  const same = JSON.stringify(outputs) === JSON.stringify(server.outputs);
  patchServer(same ? { revision } : { revision, outputs });
  // The first model of a recipe that had nothing to show before: its map appears by itself.
  if (server.outputs.length === 0) store.set({ panes: defaultPanes({ ...server, outputs }) });
}

export function takeOver(changes: Changes): void {
  hear({ version: changes.version });
  const result = points.apply(changes);
  if (result === "gap") {
    reload().catch(complain);
    return;
  }
  if (result === "known") return;
  const state = store.get();
  const gone = new Set(changes.removed);
  patchServer({ version: changes.version, undo: changes.undo, redo: changes.redo });
  store.set({
    points: points.size,
    history: without(state.history, gone),
    selected: state.selected !== null && gone.has(state.selected) ? null : state.selected,
  });
}

export function setLive(on: boolean): void {
  patchServer({ live: on });
  api.live(on).catch((error: unknown) => {
    patchServer({ live: !on });
    complain(error);
  });
}

export function trainNow(): void {
  api.train().catch(complain);
}

export function buildOverviews(): void {
  const { server } = store.get();
  if (server) patchServer({ overviews: { ...server.overviews, building: true } });
  api.overviews().catch(complain);
}
