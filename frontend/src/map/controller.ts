// What the panes share: the view, the points, the pointer. It follows the store and calls the actions.
import Feature from "ol/Feature";
import type Geometry from "ol/geom/Geometry";
import { boundingExtent } from "ol/extent";
import type MapBrowserEvent from "ol/MapBrowserEvent";
import Projection from "ol/proj/Projection";
import View from "ol/View";
import * as actions from "../actions";
import type { Events } from "../events";
import type { Grid, Point } from "../model/contract";
import { mapExtent, toMap, toPixel, viewMessage } from "../model/placing";
import type { Pair } from "../model/placing";
import type { PageState } from "../store";
import { store } from "../store";
import { Inspector } from "./inspector";
import { addPaneInteractions, type PaneInteractions } from "./interactions";
import { colourOf } from "./markers";
import { ALWAYS_SINGLE_BELOW, isCrowded, PointSources } from "./overlay";
import { Pane } from "./pane";

const FINEST = 1 / 32;
const TWICE_MS = 280;
const TWICE_PX = 5;
const ANIMATION_MS = 220;

export class Controller {
  readonly projection: Projection;
  readonly view: View;
  readonly sources: PointSources;
  readonly inspector = new Inspector();
  private readonly panes = new Map<number, { pane: Pane; interactions: PaneInteractions }>();
  /** The resolution that the clusters were made for; null while points are drawn one by one. */
  private clusteredAt: number | null = null;
  /** Where the last fit put the view: as long as it is there, it follows the size of the panes. */
  private fitted = "";
  private lastClick = { time: 0, pixel: [0, 0] };
  /** Where the pointer is, in which pane: what lies under it changes when the map moves. */
  private hovered: { pane: Pane; pixel: number[] } | null = null;

  constructor(
    readonly grid: Grid,
    private readonly events: Events,
  ) {
    const extent = mapExtent(grid);
    this.projection = new Projection({
      code: "pixels",
      units: "pixels",
      metersPerUnit: grid.metres_per_pixel,
      extent,
    });
    this.view = new View({
      projection: this.projection,
      extent,
      constrainOnlyCenter: true,
      showFullExtent: true,
      minResolution: FINEST,
      maxResolution: Math.max(1, 2 ** grid.levels, Math.max(grid.rows * grid.aspect, grid.cols) / 200),
      constrainRotation: true,
      enableRotation: false,
      center: [grid.cols / 2, (-grid.rows * grid.aspect) / 2],
      resolution: Math.max(grid.cols, grid.rows) / 500,
    });
    this.sources = new PointSources(grid, actions.points);
    actions.onGoTo((at, resolution) => this.goTo(at, resolution));
    actions.points.subscribe(() => {
      this.mark(store.get());
      this.choosePointLayer(true);
    });
    store.subscribe((state, before) => this.follow(state, before));
  }

  // ---- panes

  attach(index: number, target: HTMLElement, ghost: HTMLElement): () => void {
    const pane = new Pane(this, index, target, ghost);
    this.panes.set(index, { pane, interactions: addPaneInteractions(this, pane) });
    pane.setClustered(this.clusteredAt !== null);
    this.showPane(pane, store.get());
    this.showModes(store.get());
    // The pane may still change its size while the page is laid out.
    const observer = new ResizeObserver(() => {
      pane.map.updateSize();
      if (index === 0 && this.isUntouched()) this.fit();
    });
    observer.observe(target);
    return () => {
      observer.disconnect();
      this.panes.delete(index);
      if (this.hovered?.pane === pane) this.onHover(pane, null);
      pane.dispose();
      this.onLoading();
    };
  }

  private showPane(pane: Pane, state: PageState): void {
    const settings = state.panes[pane.index];
    if (!settings || !state.server) return;
    const fade = state.fading ? state.threshold : null;
    const { revision, images, legend } = state.server;
    pane.show(settings, { revision, images, fade, stretch: state.stretch }, legend);
    pane.showVectors(settings.vectors, state.vectors);
  }

  private follow(state: PageState, before: PageState): void {
    const shown = ["panes", "stretch", "threshold", "fading", "vectors"] as const;
    const tiles = shown.some((name) => state[name] !== before[name]);
    const told = ["revision", "images", "legend"] as const;
    const server = told.some((name) => state.server?.[name] !== before.server?.[name]);
    if (tiles || server) for (const { pane } of this.panes.values()) this.showPane(pane, state);
    if (state.selected !== before.selected || state.draft !== before.draft || server) this.mark(state);
    if (state.collecting !== before.collecting || state.drawing !== before.drawing) this.showModes(state);
    if (server) this.inspector.refresh();
  }

  private showModes(state: PageState): void {
    for (const { pane, interactions } of this.panes.values()) {
      pane.setCollecting(state.collecting);
      pane.setCursor(state.collecting ? "crosshair" : "");
      interactions.setModes(state.collecting, state.drawing);
    }
  }

  onLoading(): void {
    const busy = [...this.panes.values()].some(({ pane }) => pane.isLoading);
    document.body.dataset.tiles = busy ? "loading" : "idle";
  }

  // ---- view

  fit(): void {
    const first = this.panes.get(0)?.pane.map;
    const size = first?.getSize();
    if (!size?.[0] || !size[1]) return;
    this.view.fit(mapExtent(this.grid), { size, padding: [44, 16, 16, 16] });
    this.fitted = this.whereabouts();
  }

  private isUntouched(): boolean {
    return this.fitted === "" || this.fitted === this.whereabouts();
  }

  private whereabouts(): string {
    return [this.view.getCenter(), this.view.getResolution()].join(" ");
  }

  goTo(at: Pair, resolution: number | null): void {
    const now = this.view.getResolution() ?? 1;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.view.animate({
      center: toMap(this.grid, at),
      // History returns to a point without losing a closer look.
      resolution: resolution ?? Math.min(now, 1),
      duration: calm ? 0 : ANIMATION_MS,
    });
  }

  panBy(dx: number, dy: number): void {
    const [width = 400, height = 400] = this.panes.get(0)?.pane.map.getSize() ?? [];
    const step = (Math.min(width, height) / 8) * (this.view.getResolution() ?? 1);
    const [x = 0, y = 0] = this.view.getCenter() ?? [];
    this.view.setCenter([x + dx * step, y + dy * step]);
  }

  zoomBy(steps: number): void {
    this.view.adjustZoom(steps);
  }

  centre(): Pair {
    return toPixel(this.grid, this.view.getCenter() ?? [0, 0]);
  }

  onMoveEnd(pane: Pane): void {
    this.choosePointLayer(false);
    if (this.hovered?.pane === pane) this.look(pane, pane.map.getCoordinateFromPixel(this.hovered.pixel));
    const resolution = this.view.getResolution();
    const size = pane.map.getSize();
    if (pane.index !== 0 || resolution === undefined || !size) return;
    this.events.send(viewMessage(this.grid, this.view.calculateExtent(size), resolution));
  }

  /** Clusters where single points would hide each other and the map. */
  private choosePointLayer(changed: boolean): void {
    const size = this.panes.get(0)?.pane.map.getSize();
    const resolution = this.view.getResolution() ?? 1;
    const [width = 0, height = 0] = size ?? [];
    if (width * height === 0) return;
    const count = () => this.sources.single.getFeaturesInExtent(this.view.calculateExtent(size)).length;
    const clusteredAt = resolution > ALWAYS_SINGLE_BELOW && isCrowded(count(), width, height) ? resolution : null;
    if (clusteredAt === this.clusteredAt && !(changed && clusteredAt !== null)) return;
    this.clusteredAt = clusteredAt;
    if (clusteredAt !== null) this.sources.cluster(clusteredAt);
    for (const { pane } of this.panes.values()) pane.setClustered(clusteredAt !== null);
  }

  // ---- pointer

  onHover(pane: Pane, event: MapBrowserEvent<PointerEvent> | null): void {
    this.hovered = event && { pane, pixel: event.pixel };
    document.body.classList.remove("keyboard-panning");
    this.look(pane, event?.coordinate ?? null);
    if (event && store.get().collecting && !store.get().drawing) {
      pane.setCursor(pane.hitAt(event.coordinate) ? "pointer" : "crosshair");
    }
  }

  private look(pane: Pane, coordinate: number[] | null): void {
    for (const other of this.panes.values()) other.pane.setGhost(other.pane === pane ? null : coordinate);
    this.inspector.look(coordinate && toPixel(this.grid, coordinate), this.grid);
  }

  onClick(pane: Pane, event: MapBrowserEvent<PointerEvent>): void {
    const { collecting, drawing } = store.get();
    if (drawing || this.isSecondOfDouble(event)) return;
    const hit = pane.hitAt(event.coordinate);
    const members = hit?.get("features") as Feature<Geometry>[] | undefined;
    if (members && members.length > 1) this.openCluster(members);
    else if (collecting) {
      const point = (members?.[0] ?? hit)?.get("point") as Point | undefined;
      if (point) actions.select(point.id);
      else actions.addPoint(toPixel(this.grid, event.coordinate));
    }
  }

  /** A double click must not leave two points at one place. */
  private isSecondOfDouble(event: MapBrowserEvent<PointerEvent>): boolean {
    const [x = 0, y = 0] = event.pixel;
    const [lastX = 0, lastY = 0] = this.lastClick.pixel;
    const near = Math.hypot(x - lastX, y - lastY) < TWICE_PX;
    const second = near && event.originalEvent.timeStamp - this.lastClick.time < TWICE_MS;
    this.lastClick = { time: second ? 0 : event.originalEvent.timeStamp, pixel: event.pixel };
    return second;
  }

  private openCluster(members: Feature<Geometry>[]): void {
    const corners = members.flatMap((member) => {
      const [left = 0, bottom = 0, right = 0, top = 0] = member.getGeometry()?.getExtent() ?? [];
      return [[left, bottom], [right, top]];
    });
    const padding = [80, 80, 80, 80];
    this.view.fit(boundingExtent(corners), { padding, duration: ANIMATION_MS, minResolution: FINEST * 4 });
  }

  // ---- what is marked

  private mark(state: PageState): void {
    const legend = state.server?.legend ?? [];
    const marks: Feature<Geometry>[] = [];
    const point = actions.points.get(state.selected);
    if (point) {
      const geometry = this.sources.geometry([point.x, point.y], point.ring);
      const mark = { colour: colourOf(point.value, legend), ring: Boolean(point.ring), draft: false };
      marks.push(new Feature({ geometry, mark, id: point.id }));
    }
    if (state.draft) {
      const { at, ring, value } = state.draft;
      const mark = { colour: value === null ? null : colourOf(value, legend), ring: Boolean(ring), draft: true };
      marks.push(new Feature({ geometry: this.sources.geometry(at, ring), mark }));
    }
    this.sources.marked.clear(true);
    this.sources.marked.addFeatures(marks);
  }

  // ---- for tests

  /** Where on the page a place of the image is drawn; null when that pane is not shown. */
  pixelOf(x: number, y: number, index: number): Pair | null {
    const pane = this.panes.get(index)?.pane;
    const pixel = pane?.map.getPixelFromCoordinate(toMap(this.grid, [x, y]));
    const box = pane?.map.getViewport()?.getBoundingClientRect();
    return pixel && box ? [box.left + (pixel[0] ?? 0), box.top + (pixel[1] ?? 0)] : null;
  }

  finishDrawing(): void {
    for (const { interactions } of this.panes.values()) interactions.finishDrawing();
  }
}
