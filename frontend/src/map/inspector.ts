// Values under the pointer: one question at a time, at most ten a second, and always the newest place.
import { api } from "../api";
import type { Grid } from "../model/contract";
import { isInside } from "../model/placing";
import type { Pair } from "../model/placing";
import { store } from "../store";

const SHORTEST_INTERVAL_MS = 100;

export class Inspector {
  private wanted: Pair | null = null;
  private last: Pair | null = null;
  private busy = false;
  private askedAt = 0;

  look(at: Pair | null, grid: Grid): void {
    const inside = at !== null && isInside(grid, at);
    this.last = inside ? at : null;
    this.wanted = this.last;
    if (!inside && store.get().values !== null) store.set({ values: null });
    if (inside) this.pump();
  }

  /** A new model may have another class for the pixel, a new image other values. */
  refresh(): void {
    this.wanted = this.last;
    this.pump();
  }

  private pump(): void {
    if (this.busy || this.wanted === null) return;
    this.busy = true;
    setTimeout(() => void this.ask(), Math.max(0, this.askedAt + SHORTEST_INTERVAL_MS - Date.now()));
  }

  private async ask(): Promise<void> {
    const at = this.wanted;
    this.wanted = null;
    this.askedAt = Date.now();
    try {
      if (at) {
        const values = await api.values(at[0], at[1], AbortSignal.timeout(5000));
        if (this.last !== null) store.set({ values });
      }
    } catch {
      // The next move of the pointer asks again; a server that is gone has its own bar.
    } finally {
      this.busy = false;
      this.pump();
    }
  }
}
