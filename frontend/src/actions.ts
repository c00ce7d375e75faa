// What the user can do, whatever by: mouse, key or button. Effects go to the server; state goes to the store.
import { ApiError, api } from "./api";
import type { Change, Changes, NextRule, Output, Place, ServerEvent, ServerState } from "./model/contract";
import { stepped, visited, without } from "./model/history";
import type { Pair } from "./model/placing";
import { isInside } from "./model/placing";
import { Points } from "./model/points";
import { choiceOfKey, type LayerChoice, sameChoice } from "./model/tiles";
import type { Draft, PaneSettings } from "./store";
import { store } from "./store";

export const points = new Points();

const MOST_PLACES_PER_CLASS = 5;
const TOAST_MS = 6000;

// ---- messages

let toastCount = 0;

export function toast(text: string, tone: "error" | "note" = "note"): void {
  const key = ++toastCount;
  const others = store.get().toasts.filter((known) => known.text !== text);
  store.set({ toasts: [...others, { key, text, tone }].slice(-4) });
  setTimeout(() => dismiss(key), TOAST_MS);
}

export function dismiss(key: number): void {
  store.set({ toasts: store.get().toasts.filter((known) => known.key !== key) });
}

function complain(error: unknown): void {
  toast(error instanceof Error ? error.message : String(error), "error");
}

// ---- state of the server

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
function mended(pane: PaneSettings, server: Omit<ServerState, "points">): PaneSettings {
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

function patchServer(part: Partial<Omit<ServerState, "points">>): void {
  const { server } = store.get();
  if (server) store.set({ server: { ...server, ...part } });
}

export function onServerEvent(event: ServerEvent): void {
  if (event.type === "points") takeOver(event);
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

function onModel(revision: number, outputs: Output[]): void {
  const { server } = store.get();
  // Pushes may overtake one another: only a newer model replaces what is shown.
  if (!server || (server.revision !== null && revision <= server.revision)) return;
  const same = JSON.stringify(outputs) === JSON.stringify(server.outputs);
  patchServer(same ? { revision } : { revision, outputs });
  // The first model of a recipe that had nothing to show before: its map appears by itself.
  if (server.outputs.length === 0) store.set({ panes: defaultPanes({ ...server, outputs }) });
}

function takeOver(changes: Changes): void {
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

// ---- changes of points

let queue: Promise<void> = Promise.resolve();

/** Changes go one after the other, because each names the version it builds on. */
function change(what: Change, after: (changes: Changes) => void = () => {}): void {
  queue = queue.then(async () => {
    try {
      const changes = await api.change(points.version, what);
      takeOver(changes);
      after(changes);
    } catch (error) {
      store.set({ draft: null });
      complain(error);
      if (error instanceof ApiError && error.status === 409) await reload().catch(complain);
    }
  });
}

function selectChanged(changes: Changes): void {
  if (changes.selected === null || points.get(changes.selected) === undefined) return;
  store.set({ selected: changes.selected, history: visited(store.get().history, changes.selected) });
}

/** A new point: with the last class at once, else waiting for one. */
export function addPoint(at: Pair, ring: Pair[] | null = null): void {
  const { server, lastClass } = store.get();
  if (!server) return;
  if (!isInside(server.grid, at)) {
    toast("There is no image at this place, so a point here could not train anything.");
    return;
  }
  store.set({ selected: null });
  place({ at, ring, value: lastClass });
}

function place(draft: Draft): void {
  store.set({ draft });
  if (draft.value === null) return;
  const { at, ring, value } = draft;
  const what: Change = ring ? { op: "plot", ring, value } : { op: "add", x: at[0], y: at[1], value };
  change(what, (changes) => {
    if (store.get().draft === draft) store.set({ draft: null });
    selectChanged(changes);
  });
}

/** A class was picked: for the waiting point, the selected one, or the points to come. */
export function pickClass(value: number): void {
  const { draft, selected, lastClass } = store.get();
  const point = points.get(selected);
  if (draft) {
    store.set({ lastClass: value });
    if (draft.value === null) place({ ...draft, value });
  } else if (point && point.value !== value) {
    store.set({ lastClass: value });
    change({ op: "reclass", id: point.id, value }, selectChanged);
  } else {
    // Picked again: the memory is cleared, and the next point waits for its class.
    store.set({ lastClass: lastClass === value ? null : value });
  }
}

export function select(id: string | null): void {
  const point = points.get(id);
  store.set({
    selected: point ? point.id : null,
    draft: null,
    ...(point ? { lastClass: point.value, history: visited(store.get().history, point.id) } : {}),
  });
}

export function movePoint(id: string, [x, y]: Pair): void {
  const { server } = store.get();
  const point = points.get(id);
  if (!point || !server) return;
  if (!isInside(server.grid, [x, y])) {
    toast("A point cannot be moved off the image.");
    points.replace(points.all(), points.version);
    return;
  }
  change({ op: "move", id, x, y }, selectChanged);
}

export function removeSelected(): void {
  const { draft, selected } = store.get();
  if (draft) store.set({ draft: null });
  else if (selected !== null) change({ op: "delete", id: selected });
}

export function undo(): void {
  if (store.get().server?.undo) change({ op: "undo" }, selectChanged);
}

export function redo(): void {
  if (store.get().server?.redo) change({ op: "redo" }, selectChanged);
}

/** Escape goes one step out: the drawing, the waiting point, the selection, the mode. */
export function stepOut(): void {
  const { dialog, drawing, draft, selected, collecting } = store.get();
  if (dialog) store.set({ dialog: null });
  else if (drawing) store.set({ drawing: false });
  else if (draft || selected !== null) store.set({ draft: null, selected: null });
  else if (collecting) setCollecting(false);
}

export function setCollecting(collecting: boolean): void {
  store.set({ collecting, drawing: false, draft: null, ...(collecting ? {} : { selected: null }) });
}

export function setDrawing(drawing: boolean): void {
  store.set({ drawing, draft: null, ...(drawing ? { collecting: true, selected: null } : {}) });
}

// ---- going places

let goTo: (at: Pair, resolution: number | null) => void = () => {};

/** The map tells here how to centre a place; null keeps the resolution. */
export function onGoTo(handler: typeof goTo): void {
  goTo = handler;
}

export function stepHistory(step: -1 | 1): void {
  const state = store.get();
  const history = stepped(state.history, step);
  const point = points.get(history.ids[history.at] ?? null);
  if (!point) return;
  store.set({ history, selected: point.id, draft: null, lastClass: point.value, collecting: true });
  goTo([point.x, point.y], null);
}

export function setRule(rule: NextRule): void {
  store.set({ places: { rule, list: [], at: -1, message: "" } });
}

const SUGGESTION_RESOLUTION = 0.25;

export async function nextPlace(): Promise<void> {
  const { places, server } = store.get();
  if (places.at + 1 < places.list.length) return showPlace(places.list, places.at + 1);
  if (!server || server.revision === null) {
    toast("Places are suggested once there is a model: add points of two classes first.");
    return;
  }
  try {
    const found = await api.next(places.rule, MOST_PLACES_PER_CLASS);
    if (found.places.length > 0) {
      store.set({ places: { ...store.get().places, message: found.message } });
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

// ---- what is shown

export function setPane(index: number, part: Partial<PaneSettings>): void {
  store.set({ panes: store.get().panes.map((pane, at) => (at === index ? changedPane(pane, part) : pane)) });
  for (const layer of [part.layer, part.below]) if (layer) void needStretch(layer);
}

/** A layer chosen to be shown that was the one behind changes places with it: compared with itself it shows nothing. */
export function changedPane(pane: PaneSettings, part: Partial<PaneSettings>): PaneSettings {
  const swapped = part.layer !== undefined && part.below === undefined && sameChoice(part.layer, pane.below);
  return { ...pane, ...(swapped ? { below: pane.layer } : {}), ...part };
}

/** What was picked in a pane's list: a layer, or that a file is to be added. */
export function chooseLayer(index: number, key: string): void {
  if (key === "add") {
    store.set({ dialog: { kind: "files" } });
    return;
  }
  setPane(index, { layer: choiceOfKey(key) });
}

async function needStretch(layer: LayerChoice): Promise<void> {
  if (layer.kind !== "image") return;
  const missing = [...new Set(layer.bands)].filter((band) => store.get().stretch[band] === undefined);
  if (missing.length === 0) return;
  try {
    const { limits } = await api.stretch(missing);
    store.set({ stretch: { ...limits, ...store.get().stretch } });
  } catch (error) {
    complain(error);
  }
}

/** Ask for the limits of some bands anew, after the user had changed them. */
export async function resetStretch(bands: string[]): Promise<void> {
  try {
    const { limits } = await api.stretch([...new Set(bands)]);
    store.set({ stretch: { ...store.get().stretch, ...limits } });
  } catch (error) {
    complain(error);
  }
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

// ---- the user's own layers

export async function addLayer(path: string): Promise<boolean> {
  try {
    const layer = await api.addLayer(path);
    const { server } = store.get();
    if (server) patchServer({ layers: [...server.layers.filter((known) => known.id !== layer.id), layer] });
    if (layer.kind === "vector") {
      const { layout, panes } = store.get();
      await loadVector(layer.id);
      store.set({ panes: panes.map((p, at) => (at < layout ? { ...p, vectors: [...p.vectors, layer.id] } : p)) });
    } else setPane(0, { layer: { kind: "layer", id: layer.id } });
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
    const { server, panes } = store.get();
    if (!server) return;
    const left = { ...server, layers: server.layers.filter((layer) => layer.id !== id) };
    store.set({ server: left, panes: panes.map((pane) => mended(pane, left)) });
  } catch (error) {
    complain(error);
  }
}

export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(`Copied: ${text}`);
  } catch {
    toast(`The browser does not let this page copy. ${text}`);
  }
}
