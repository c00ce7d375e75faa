// The points as features. All panes draw the same sources, so a change is made once.
import Feature from "ol/Feature";
import type Geometry from "ol/geom/Geometry";
import PointGeometry from "ol/geom/Point";
import Polygon from "ol/geom/Polygon";
import VectorSource from "ol/source/Vector";
import { clustersOf } from "../model/clusters";
import type { Grid, Point } from "../model/contract";
import type { Pair } from "../model/placing";
import { toMap } from "../model/placing";
import type { Points } from "../model/points";

/** Points are drawn as clusters when their discs would cover more than this share of the view, or be too many to draw. */
export const MOST_COVERED = 0.2;
export const MOST_SINGLE = 2000;
const DISC_PX = 13;
/** From this many map units per screen pixel on inwards, points are always shown one by one. */
export const ALWAYS_SINGLE_BELOW = 0.5;
const CLUSTER_DISTANCE_PX = 60;

/** Whether so many points in a view of so many screen pixels are shown as clusters. */
export function isCrowded(points: number, widthPx: number, heightPx: number): boolean {
  return points > MOST_SINGLE || points * DISC_PX ** 2 > MOST_COVERED * widthPx * heightPx;
}

export class PointSources {
  readonly single = new VectorSource<Feature<Geometry>>();
  /** Features with a list of `features`, made for one resolution. */
  readonly clusters = new VectorSource<Feature<Geometry>>();
  /** The selected point and the one without a class: above all others, never in a cluster. */
  readonly marked = new VectorSource<Feature<Geometry>>();
  private readonly byId = new Map<string, Feature<Geometry>>();

  constructor(
    private readonly grid: Grid,
    points: Points,
  ) {
    points.subscribe((changed, removed, all) => {
      if (all) this.reset(changed);
      else this.update(changed, removed);
    });
    this.reset(points.all());
  }

  private reset(points: readonly Point[]): void {
    this.byId.clear();
    this.single.clear(true);
    this.single.addFeatures(points.map((point) => this.make(point)));
  }

  private update(changed: readonly Point[], removed: readonly string[]): void {
    const gone = [...removed, ...changed.map((point) => point.id)].flatMap((id) => this.byId.get(id) ?? []);
    for (const feature of gone) this.byId.delete(String(feature.getId()));
    this.single.removeFeatures(gone);
    this.single.addFeatures(changed.map((point) => this.make(point)));
  }

  private make(point: Point): Feature<Geometry> {
    const feature = new Feature<Geometry>({ geometry: this.geometry([point.x, point.y], point.ring), point });
    feature.setId(point.id);
    this.byId.set(point.id, feature);
    return feature;
  }

  geometry(at: Pair, ring: Pair[] | null | undefined): Geometry {
    if (ring) return new Polygon([ring.map((corner) => toMap(this.grid, corner))]);
    return new PointGeometry(toMap(this.grid, at));
  }

  /** Make the clusters anew, for so many map units per screen pixel. */
  cluster(resolution: number): void {
    const located = [...this.byId.values()].map((feature) => {
      const { x, y } = feature.get("point") as Point;
      const [mapX, mapY] = toMap(this.grid, [x, y]);
      return { x: mapX, y: mapY, feature };
    });
    const clusters = clustersOf(located, CLUSTER_DISTANCE_PX * resolution).map(({ x, y, members }) => {
      const features = members.map(({ feature }) => feature);
      return new Feature<Geometry>({ geometry: new PointGeometry([x, y]), features });
    });
    this.clusters.clear(true);
    this.clusters.addFeatures(clusters);
  }
}
