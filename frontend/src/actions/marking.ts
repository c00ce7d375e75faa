// Changes of points: added, classed, moved, removed, taken back.
import { ApiError, api, NoAnswer } from "../api";
import type { Change, Changes } from "../model/contract";
import { stepped, visited } from "../model/history";
import { isInside, type Pair } from "../model/placing";
import { type Draft, store } from "../store";
import { complain, toast } from "./messages";
import { goTo } from "./places";
import { points, reload, takeOver } from "./server";

let queue: Promise<void> = Promise.resolve();

/**
 * Changes go one after the other, because each names the version it builds on. `lost` is for one that the server
 * gave no answer to.
 */
function change(what: Change, after: (changes: Changes) => void = () => {}, lost: () => void = notSaved): void {
  queue = queue.then(async () => {
    try {
      const changes = await api.change(points.version, what);
      if (store.get().unsaved) store.set({ unsaved: false });
      takeOver(changes);
      after(changes);
    } catch (error) {
      if (error instanceof NoAnswer) {
        store.set({ unsaved: true });
        lost();
        return;
      }
      store.set({ draft: null });
      complain(error);
      if (error instanceof ApiError && error.status === 409) await reload().catch(complain);
    }
  });
}

function notSaved(): void {
  toast("This change was not saved: the server does not answer.", "error");
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
  const saved = (changes: Changes) => {
    if (store.get().draft === draft) store.set({ draft: null });
    selectChanged(changes);
  };
  change(what, saved, () => {
    // It stays where it was clicked and waits for its class again: once the server is back, one key saves it.
    if (store.get().draft === draft) store.set({ draft: { ...draft, value: null } });
    toast("This point was not saved: the server does not answer.", "error");
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

export function stepHistory(step: -1 | 1): void {
  const state = store.get();
  const history = stepped(state.history, step);
  const point = points.get(history.ids[history.at] ?? null);
  if (!point) return;
  store.set({ history, selected: point.id, draft: null, lastClass: point.value, collecting: true });
  goTo([point.x, point.y], null);
}
