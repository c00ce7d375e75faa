import type View from "ol/View";
import { useEffect, useState } from "preact/hooks";

/** Map units per screen pixel, as the view changes. */
export function useViewResolution(view: View): number {
  const [resolution, setResolution] = useState(view.getResolution() ?? 1);
  useEffect(() => {
    const changed = () => setResolution(view.getResolution() ?? 1);
    view.on("change:resolution", changed);
    changed();
    return () => view.un("change:resolution", changed);
  }, [view]);
  return resolution;
}
