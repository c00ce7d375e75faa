// All points by id, and who wants to know when they change. Kept apart from the page's other state: there may be
// many thousands of them, and only the map draws them.
import type { Changes, Point } from "./contract";

export type PointsListener = (changed: readonly Point[], removed: readonly string[], all: boolean) => void;

export class Points {
  private readonly byId = new Map<string, Point>();
  private readonly listeners = new Set<PointsListener>();
  version = 0;

  get size(): number {
    return this.byId.size;
  }

  get(id: string | null): Point | undefined {
    return id === null ? undefined : this.byId.get(id);
  }

  all(): Point[] {
    return [...this.byId.values()];
  }

  subscribe(listener: PointsListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  replace(points: readonly Point[], version: number): void {
    this.byId.clear();
    for (const point of points) this.byId.set(point.id, point);
    this.version = version;
    this.tell(points, [], true);
  }

  /**
   * Take over a change. It comes twice, as the answer and as a push: the second time it is old news.
   * Gives "gap" when changes in between were missed, so that the whole state must be read again.
   */
  apply(changes: Changes): "applied" | "known" | "gap" {
    if (changes.version <= this.version) return "known";
    if (changes.version > this.version + 1) return "gap";
    for (const id of changes.removed) this.byId.delete(id);
    for (const point of changes.changed) this.byId.set(point.id, point);
    this.version = changes.version;
    this.tell(changes.changed, changes.removed, false);
    return "applied";
  }

  private tell(changed: readonly Point[], removed: readonly string[], all: boolean): void {
    for (const listener of this.listeners) listener(changed, removed, all);
  }
}
