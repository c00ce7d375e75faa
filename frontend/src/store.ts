// What the page knows. One immutable value, replaced on every change; components read it with useStore.
import { useEffect, useState } from "preact/hooks";
import type { History } from "./model/history";
import { NO_HISTORY } from "./model/history";
import type {
  Limits,
  ServerState,
  Values,
  VectorFeature,
} from "./model/contract";
import type { PaneSettings } from "./model/panes";
import type { Pair } from "./model/placing";
import { NO_PLACES, type Places } from "./model/suggestions";

/** A point that is not with the server yet: it has no class, or its class is on the way. */
export interface Draft {
  at: Pair;
  ring: Pair[] | null;
  value: number | null;
}

export interface Toast {
  key: number;
  text: string;
  tone: "error" | "note";
}

/** A file is added for one pane: the new layer appears there. */
export type Dialog = { kind: "help" } | { kind: "files"; pane: number } | null;

export interface PageState {
  server: Omit<ServerState, "points"> | null;
  points: number;
  connected: boolean;
  panes: PaneSettings[];
  /** Panes shown, 1..4; settings of the hidden ones are kept. */
  layout: number;
  stretch: Record<string, Limits>;
  /** Percent; the class map is pale below it. Off by default, 80 when turned on, as in SEPAL's manual. */
  threshold: number;
  fading: boolean;
  collecting: boolean;
  drawing: boolean;
  selected: string | null;
  draft: Draft | null;
  /** The last change did not reach the server, and the state has not been read since. */
  unsaved: boolean;
  lastClass: number | null;
  history: History;
  places: Places;
  values: Values | null;
  showValues: boolean;
  vectors: Record<string, VectorFeature[]>;
  toasts: Toast[];
  dialog: Dialog;
  failure: string | null;
}

const START: PageState = {
  server: null,
  points: 0,
  connected: true,
  panes: [],
  layout: 2,
  stretch: {},
  threshold: 80,
  fading: false,
  collecting: false,
  drawing: false,
  selected: null,
  draft: null,
  unsaved: false,
  lastClass: null,
  history: NO_HISTORY,
  places: NO_PLACES,
  values: null,
  showValues: false,
  vectors: {},
  toasts: [],
  dialog: null,
  failure: null,
};

type Listener = (state: PageState, before: PageState) => void;

let current = START;
const listeners = new Set<Listener>();

export const store = {
  get: (): PageState => current,
  set(part: Partial<PageState>): void {
    const before = current;
    current = { ...current, ...part };
    for (const listener of [...listeners]) listener(current, before);
  },
  subscribe(listener: Listener): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

/** A part of the state; the component draws again only when that part is another value. */
export function useStore<T>(pick: (state: PageState) => T): T {
  const [, again] = useState({});
  const picked = pick(current);
  useEffect(() => {
    let seen = picked;
    return store.subscribe((state) => {
      const now = pick(state);
      if (!Object.is(now, seen)) {
        seen = now;
        again({});
      }
    });
  });
  return picked;
}

