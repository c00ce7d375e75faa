// The points of this session in the order they were looked at, and where one stands among them.

export interface History {
  ids: readonly string[];
  at: number;
}

export const NO_HISTORY: History = { ids: [], at: -1 };

/** A point was added or selected: it becomes the newest, unless one is only stepping over it. */
export function visited(history: History, id: string): History {
  if (history.ids[history.at] === id) return history;
  const ids = [...history.ids.filter((known) => known !== id), id];
  return { ids, at: ids.length - 1 };
}

/** One step back (-1) or forward (1); stays at the ends. */
export function stepped(history: History, step: -1 | 1): History {
  const at = Math.min(history.ids.length - 1, Math.max(0, history.at + step));
  return { ...history, at };
}

/** Removed points leave the history; one stays at the nearest earlier point. */
export function without(history: History, gone: ReadonlySet<string>): History {
  if (!history.ids.some((id) => gone.has(id))) return history;
  const before = history.ids.slice(0, history.at + 1).filter((id) => !gone.has(id)).length;
  const ids = history.ids.filter((id) => !gone.has(id));
  return { ids, at: Math.min(ids.length - 1, Math.max(0, before - 1)) };
}
