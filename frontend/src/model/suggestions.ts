// Places worth a point, list by list.
import type { NextRule, Place } from "./contract";

export interface Places {
  rule: NextRule;
  list: Place[];
  at: number;
  message: string;
  /** Sent with the next question: each list is drawn anew. */
  seed: number;
  /** The model that the list was made with. */
  revision: number | null;
}

export const NO_PLACES: Places = { rule: "confidence", list: [], at: -1, message: "", seed: 0, revision: null };

/** Whether the next place has to be asked for: the list is used up, or another model is unsure elsewhere. */
export function needsList(places: Places, revision: number): boolean {
  return places.at + 1 >= places.list.length || places.revision !== revision;
}

/** No list, by this rule; the seed stays, so that the next list is another one. */
export function emptied(places: Places, rule: NextRule): Places {
  return { ...NO_PLACES, rule, seed: places.seed };
}
