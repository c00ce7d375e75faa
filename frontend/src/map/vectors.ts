// Features of the user's own vector layers. Their coordinates come in pixels.
import Feature from "ol/Feature";
import type Geometry from "ol/geom/Geometry";
import LineString from "ol/geom/LineString";
import PointGeometry from "ol/geom/Point";
import Polygon from "ol/geom/Polygon";
import VectorSource from "ol/source/Vector";
import type { Grid, VectorFeature } from "../model/contract";
import type { Pair } from "../model/placing";
import { toMap } from "../model/placing";

export function vectorSource(grid: Grid, features: readonly VectorFeature[]): VectorSource {
  return new VectorSource({
    features: features.map((feature) => new Feature({ geometry: geometryOf(grid, feature), title: feature.title })),
  });
}

function geometryOf(grid: Grid, { kind, coordinates }: VectorFeature): Geometry {
  const line = (corners: Pair[]) => corners.map((corner) => toMap(grid, corner));
  if (kind === "point") return new PointGeometry(toMap(grid, coordinates as Pair));
  if (kind === "line") return new LineString(line(coordinates as Pair[]));
  return new Polygon((coordinates as Pair[][]).map(line));
}
