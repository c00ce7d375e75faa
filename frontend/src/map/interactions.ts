// Moving points by drag, and drawing plots.
import type Feature from "ol/Feature";
import type Geometry from "ol/geom/Geometry";
import PointGeometry from "ol/geom/Point";
import Polygon from "ol/geom/Polygon";
import Draw from "ol/interaction/Draw";
import PointerInteraction from "ol/interaction/Pointer";
import * as actions from "../actions";
import type { Point } from "../model/contract";
import { toPixel } from "../model/placing";
import { store } from "../store";
import type { Controller } from "./controller";
import { draftStyle } from "./markers";
import type { Pane } from "./pane";

export interface PaneInteractions {
  setModes(collecting: boolean, drawing: boolean): void;
  finishDrawing(): void;
}

export function addPaneInteractions(controller: Controller, pane: Pane): PaneInteractions {
  const drag = dragOfPoints(controller, pane);
  const draw = drawOfPlots(controller);
  drag.setActive(false);
  draw.setActive(false);
  pane.map.addInteraction(drag);
  pane.map.addInteraction(draw);
  return {
    setModes(collecting, drawing) {
      drag.setActive(collecting && !drawing);
      if (!drawing) draw.abortDrawing();
      draw.setActive(drawing);
    },
    finishDrawing: () => draw.finishDrawing(),
  };
}

/** Only single points that may be edited can be dragged; from anywhere else the drag moves the map. */
function dragOfPoints(controller: Controller, pane: Pane): PointerInteraction {
  let feature: Feature<Geometry> | null = null;
  let moved = false;
  return new PointerInteraction({
    handleDownEvent(event) {
      const hit = pane.hitAt(event.coordinate);
      const members = hit?.get("features") as Feature<Geometry>[] | undefined;
      const single = members ? (members.length === 1 ? members[0] : undefined) : hit;
      const point = single?.get("point") as Point | undefined;
      feature = point?.editable && !point.ring && single ? single : null;
      moved = false;
      return feature !== null;
    },
    handleDragEvent(event) {
      const point = feature?.get("point") as Point | undefined;
      if (!feature || !point) return;
      if (!moved && store.get().selected !== point.id) actions.select(point.id);
      moved = true;
      for (const each of [feature, ...controller.sources.marked.getFeatures()]) {
        const geometry = each.getGeometry();
        if (geometry instanceof PointGeometry) geometry.setCoordinates(event.coordinate);
      }
    },
    handleUpEvent(event) {
      const point = feature?.get("point") as Point | undefined;
      feature = null;
      if (moved && point) actions.movePoint(point.id, toPixel(controller.grid, event.coordinate));
      return false;
    },
  });
}

function drawOfPlots(controller: Controller): Draw {
  const draw = new Draw({ type: "Polygon", style: draftStyle(null, true), stopClick: true, minPoints: 3 });
  draw.on("drawend", (event) => {
    const geometry = event.feature.getGeometry();
    if (!(geometry instanceof Polygon)) return;
    const corners = geometry.getCoordinates()[0] ?? [];
    // The server's rings close by themselves; OpenLayers' end where they began.
    const ring = corners.slice(0, -1).map((corner) => toPixel(controller.grid, corner));
    // The click that closes the ring is still on its way: it must find the drawing mode, or it would add a point.
    setTimeout(() => {
      store.set({ drawing: false });
      if (ring.length >= 3) actions.addPoint(toPixel(controller.grid, geometry.getInteriorPoint().getCoordinates()), ring);
    });
  });
  return draw;
}
