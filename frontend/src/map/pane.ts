// One pane: a map of its own over the view that all panes share.
import type Feature from "ol/Feature";
import type { FeatureLike } from "ol/Feature";
import type Geometry from "ol/geom/Geometry";
import PointGeometry from "ol/geom/Point";
import { defaults as defaultInteractions } from "ol/interaction/defaults";
import DoubleClickZoom from "ol/interaction/DoubleClickZoom";
import TileLayer from "ol/layer/Tile";
import VectorLayer from "ol/layer/Vector";
import OlMap from "ol/Map";
import type MapBrowserEvent from "ol/MapBrowserEvent";
import type RenderEvent from "ol/render/Event";
import { getRenderPixel } from "ol/render";
import type Tile from "ol/Tile";
import type { LegendEntry, Point } from "../model/contract";
import { mapExtent } from "../model/placing";
import type { LayerChoice, TileContext } from "../model/tiles";
import { tileAddress } from "../model/tiles";
import type { PaneSettings } from "../model/panes";
import type { Controller } from "./controller";
import { clusterStyle, draftStyle, pointStyle, selectedStyle, vectorStyle } from "./markers";
import { TileSource } from "./tileSource";
import { vectorSource } from "./vectors";

const HIT_PX = 10;
/** Tiles kept per layer beside those in view; each takes a quarter of a MB. */
const TILE_CACHE = 160;
const COARSE_FIRST = -1e9;

class PaneMap extends OlMap {
  /** Of the image the coarse tiles come first: something is seen at once wherever one pans. */
  override getTilePriority(tile: Tile, key: string, centre: number[], resolution: number): number {
    const priority = super.getTilePriority(tile, key, centre, resolution);
    const now = this.getView().getResolution() ?? resolution;
    const coarse = tile.key.startsWith("/tiles/image") && resolution > now * 1.5;
    return coarse && Number.isFinite(priority) ? priority + COARSE_FIRST : priority;
  }
}

/** A layer of tiles that can be told to show something else. */
class Slot {
  readonly layer = new TileLayer<TileSource>({ cacheSize: TILE_CACHE, visible: false });
  private shows = "";

  /** Gives whether new tiles are needed. */
  show(choice: LayerChoice, context: TileContext, controller: Controller): boolean {
    const address = tileAddress(choice, context);
    if (address === null) {
      // Nothing to show is shown as nothing: the old tiles would be something else under a new name.
      const had = this.layer.getVisible();
      this.layer.setVisible(false);
      return had;
    }
    const shows = choice.kind === "image" ? "image" : `${choice.kind} ${choice.id}`;
    if (shows !== this.shows || !this.layer.getSource()) {
      this.shows = shows;
      this.layer.setSource(new TileSource(controller.grid, controller.projection));
      // Of a map the coarse tiles would be made anew after each click, and nobody would look at them.
      this.layer.setPreload(choice.kind === "output" ? 0 : 2);
    }
    const appeared = !this.layer.getVisible();
    this.layer.setVisible(true);
    return (this.layer.getSource()?.retarget(address) ?? false) || appeared;
  }
}

export class Pane {
  readonly map: OlMap;
  private readonly main = new Slot();
  private readonly below = new Slot();
  private readonly singles: VectorLayer;
  private readonly clusters: VectorLayer;
  private readonly marked: VectorLayer;
  private readonly vectorLayers = new Map<string, VectorLayer>();
  private readonly doubleClick = new DoubleClickZoom({ duration: 150 });
  private settings: PaneSettings | null = null;
  private legend: readonly LegendEntry[] = [];
  /** Something was asked for that has not been drawn once. */
  private stale = true;
  private loading = true;
  private fading = false;
  /** Whether the layer below shows. */
  private seeThrough = false;

  constructor(
    private readonly controller: Controller,
    readonly index: number,
    private readonly target: HTMLElement,
    private readonly ghost: HTMLElement,
  ) {
    const { sources } = controller;
    this.singles = new VectorLayer({
      source: sources.single,
      style: (feature) => pointStyle(feature.get("point") as Point, this.legend),
    });
    this.clusters = new VectorLayer({ source: sources.clusters, style: (feature) => this.styleOfCluster(feature) });
    this.marked = new VectorLayer({
      source: sources.marked,
      style: (feature) => styleOfMarked(feature),
      updateWhileAnimating: true,
      updateWhileInteracting: true,
    });
    this.map = new PaneMap({
      target,
      view: controller.view,
      controls: [],
      layers: [this.below.layer, this.main.layer, this.singles, this.clusters, this.marked],
      interactions: defaultInteractions({
        altShiftDragRotate: false,
        pinchRotate: false,
        doubleClickZoom: false,
        keyboard: false,
      }),
      moveTolerance: 3,
    });
    this.map.addInteraction(this.doubleClick);
    this.main.layer.on("prerender", (event) => {
      this.clip(event);
      if (this.settings && !this.seeThrough) this.whiten(event, this.settings.layer);
    });
    this.below.layer.on("prerender", (event) => {
      if (this.settings) this.whiten(event, this.settings.below);
    });
    this.main.layer.on("postrender", (event) => {
      if (this.isSwiped()) (event.context as CanvasRenderingContext2D).restore();
    });
    this.listen();
  }

  private listen(): void {
    const { controller } = this;
    this.map.on("click", (event) => controller.onClick(this, event as MapBrowserEvent<PointerEvent>));
    this.map.on("pointermove", (event) => {
      if (!event.dragging) controller.onHover(this, event as MapBrowserEvent<PointerEvent>);
    });
    this.target.addEventListener("pointerleave", () => controller.onHover(this, null));
    this.map.on("moveend", () => controller.onMoveEnd(this));
    this.map.on("loadstart", () => this.setLoading(true));
    this.map.on("postrender", () => {
      this.stale = false;
    });
    this.map.on("rendercomplete", () => {
      if (!this.stale) this.setLoading(false);
    });
  }

  /** New tiles are wanted: busy until they have all been drawn. */
  private expect(): void {
    this.stale = true;
    this.setLoading(true);
    this.map.render();
  }

  private setLoading(loading: boolean): void {
    this.loading = loading;
    this.controller.onLoading();
  }

  get isLoading(): boolean {
    return this.loading;
  }

  show(settings: PaneSettings, context: TileContext, legend: readonly LegendEntry[]): void {
    const before = this.settings;
    this.settings = settings;
    // Before the first model a pane of the map shows the image: that is where the first points are clicked.
    this.seeThrough =
      settings.opacity < 1 || settings.swipe !== null || tileAddress(settings.layer, context) === null;
    this.fading = context.fade !== null;
    const retargeted = this.main.show(settings.layer, context, this.controller);
    const belowRetargeted = this.seeThrough && this.below.show(settings.below, context, this.controller);
    if (!this.seeThrough) this.below.layer.setVisible(false);
    this.main.layer.setOpacity(settings.opacity);
    if (legend !== this.legend) {
      this.legend = legend;
      this.singles.changed();
      this.clusters.changed();
    }
    if (retargeted || belowRetargeted) this.expect();
    else if (before?.swipe !== settings.swipe) this.map.render();
  }

  /** The user's vector layers, by what has come from the server so far. */
  showVectors(ids: readonly string[], loaded: PageVectors): void {
    for (const [id, layer] of this.vectorLayers) {
      if (ids.includes(id)) continue;
      this.map.removeLayer(layer);
      this.vectorLayers.delete(id);
    }
    for (const id of ids) {
      const features = loaded[id];
      if (!features || this.vectorLayers.has(id)) continue;
      const layer = new VectorLayer({ source: vectorSource(this.controller.grid, features), style: vectorStyle() });
      this.vectorLayers.set(id, layer);
      // Above the tiles, under the points.
      this.map.getLayers().insertAt(2, layer);
    }
  }

  setClustered(clustered: boolean): void {
    this.singles.setVisible(!clustered);
    this.clusters.setVisible(clustered);
  }

  setCollecting(collecting: boolean): void {
    this.doubleClick.setActive(!collecting);
  }

  setCursor(cursor: string): void {
    this.target.style.cursor = cursor;
  }

  /** Where the pointer is, when it is in another pane. */
  setGhost(coordinate: number[] | null): void {
    const pixel = coordinate && this.map.getPixelFromCoordinate(coordinate);
    this.ghost.hidden = !pixel;
    if (pixel) this.ghost.style.transform = `translate(${pixel[0]}px, ${pixel[1]}px)`;
  }

  /** The point or cluster at a place of the map; the nearest one wins. */
  hitAt(coordinate: number[]): Feature<Geometry> | null {
    const [x = 0, y = 0] = coordinate;
    const reach = HIT_PX * (this.controller.view.getResolution() ?? 1);
    const clustered = this.clusters.getVisible();
    const source = clustered ? this.controller.sources.clusters : this.controller.sources.single;
    const near = source.getFeaturesInExtent([x - reach, y - reach, x + reach, y + reach]);
    let best: Feature<Geometry> | null = null;
    let closest = reach;
    for (const feature of near) {
      const geometry = feature.getGeometry();
      if (!geometry) continue;
      const [gx = 0, gy = 0] = geometry.getClosestPoint(coordinate);
      const inside = !(geometry instanceof PointGeometry) && geometry.intersectsCoordinate(coordinate);
      const distance = inside ? reach * 0.99 : Math.hypot(gx - x, gy - y);
      if (distance <= closest) [best, closest] = [feature, distance];
    }
    return best;
  }

  private styleOfCluster(feature: FeatureLike) {
    const features = feature.get("features") as Feature<Geometry>[];
    const [first] = features;
    if (features.length === 1 && first) {
      const point = first.get("point") as Point;
      // A lone plot is drawn as a disc here: its outline would be smaller than that.
      return pointStyle({ ...point, ring: null }, this.legend);
    }
    return clusterStyle(features, this.legend);
  }

  private isSwiped(): boolean {
    return this.settings?.swipe !== null && this.settings?.swipe !== undefined;
  }

  /** Left of the divider lies the layer, right of it what it is compared with. */
  private clip(event: RenderEvent): void {
    if (!this.isSwiped()) return;
    const [width = 0, height = 0] = this.map.getSize() ?? [];
    const x = width * (this.settings?.swipe ?? 1);
    const context = event.context as CanvasRenderingContext2D;
    context.save();
    outlineOf(event, [[0, 0], [x, 0], [x, height], [0, height]]);
    context.clip();
  }

  /** Faded classes are see-through: with nothing but a dark page behind them they would turn dark instead of pale. */
  private whiten(event: RenderEvent, choice: LayerChoice): void {
    if (!this.fading || choice.kind !== "output" || choice.id !== "class") return;
    const [left, bottom, right, top] = mapExtent(this.controller.grid);
    const corners = [[left, top], [right, top], [right, bottom], [left, bottom]];
    const context = event.context as CanvasRenderingContext2D;
    outlineOf(event, corners.map((corner) => this.map.getPixelFromCoordinate(corner) ?? [0, 0]));
    context.fillStyle = "#ffffff";
    context.fill();
  }

  dispose(): void {
    this.map.setTarget(undefined);
    this.map.dispose();
  }
}

/** Draw a path through places of the map's own pixels. */
function outlineOf(event: RenderEvent, pixels: readonly number[][]): void {
  const context = event.context as CanvasRenderingContext2D;
  context.beginPath();
  for (const [x = 0, y = 0] of pixels.map((pixel) => getRenderPixel(event, pixel.slice()))) context.lineTo(x, y);
  context.closePath();
}

type PageVectors = Record<string, Parameters<typeof vectorSource>[1]>;

function styleOfMarked(feature: FeatureLike) {
  const { colour, ring, draft } = feature.get("mark") as { colour: string | null; ring: boolean; draft: boolean };
  return draft ? draftStyle(colour, ring) : selectedStyle(colour ?? "#ffffff", ring);
}
