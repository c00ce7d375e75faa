// The state of the server: read as a whole, then kept up by its pushes.
import { api } from "../api";
import type { Changes, Output, ServerEvent, ServerState } from "../model/contract";
import { without } from "../model/history";
import { defaultPanes, mended } from "../model/panes";
import { Points } from "../model/points";
import { store } from "../store";
import { complain, toast } from "./messages";
import { needStretch } from "./stretch";

export const points = new Points();

export async function reload(): Promise<void> {
  const { points: all, ...server } = await api.state();
  const before = store.get();
  points.replace(all, server.version);
  const panes = before.panes.length > 0 ? before.panes.map((pane) => mended(pane, server)) : defaultPanes(server);
  const gone = new Set(before.history.ids.filter((id) => points.get(id) === undefined));
  store.set({
    server,
    panes,
    points: points.size,
    failure: null,
    selected: points.get(before.selected) ? before.selected : null,
    history: without(before.history, gone),
  });
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
  else if (event.type === "model") onModel(event.revision, event.outputs);
  else if (event.type === "reload") {
    toast(event.reason);
    reload().catch(complain);
  }
}

/** Points may have changed between the reading of the state and the first event. */
function catchUp(version: number): void {
  const { server } = store.get();
  if (server && server.version !== version) reload().catch(complain);
}

function onModel(revision: number, outputs: Output[]): void {
  const { server } = store.get();
  // Pushes may overtake one another: only a newer model replaces what is shown.
  if (!server || (server.revision !== null && revision <= server.revision)) return;
  const same = JSON.stringify(outputs) === JSON.stringify(server.outputs);
  patchServer(same ? { revision } : { revision, outputs });
  // The first model of a recipe that had nothing to show before: its map appears by itself.
  if (server.outputs.length === 0) store.set({ panes: defaultPanes({ ...server, outputs }) });
}

export function takeOver(changes: Changes): void {
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
