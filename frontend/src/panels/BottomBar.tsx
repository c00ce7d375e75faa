// The legend, with the class under the pointer marked, and where the pointer is.
import * as actions from "../actions";
import type { Values } from "../model/contract";
import { degrees } from "../model/sentences";
import { useStore } from "../store";
import { Icon } from "./Icon";
import { Swatch } from "./parts";

export function BottomBar() {
  const server = useStore((state) => state.server);
  const values = useStore((state) => state.values);
  if (!server) return null;
  return (
    <footer class="bottom">
      <ul class="legend" aria-label="Legend" data-testid="legend">
        {server.legend.length === 0 && <li class="quiet">No legend yet</li>}
        {server.legend.map((entry) => (
          <li
            key={entry.value}
            class={values?.class?.value === entry.value ? "under" : ""}
            data-testid={`legend-${entry.value}`}
            title={`${entry.label} (${entry.value})`}
          >
            <Swatch colour={entry.color} />
            <span>{entry.label}</span>
          </li>
        ))}
      </ul>
      <Readout values={values} />
    </footer>
  );
}

/** Coordinates as they are copied: latitude first, as maps on the web and GPS units take them. */
export function coordinatesToCopy(values: Values): string {
  if (values.lat !== null && values.lon !== null) return `${degrees(values.lat, 6)}, ${degrees(values.lon, 6)}`;
  return `${values.crs_x}, ${values.crs_y}`;
}

function Readout({ values }: { values: Values | null }) {
  const crs = useStore((state) => state.server?.grid.crs);
  if (!values) {
    return (
      <div class="readout quiet" data-testid="readout">
        {crs}
      </div>
    );
  }
  return (
    <div class="readout" data-testid="readout">
      <button
        type="button"
        class="button square small"
        title="Copy latitude and longitude (c)"
        aria-label="Copy latitude and longitude"
        data-testid="copy"
        onClick={() => void actions.copyText(coordinatesToCopy(values))}
      >
        <Icon name="copy" />
      </button>
      <span>
        <b>lat, lon</b> {degrees(values.lat)}, {degrees(values.lon)}
      </span>
      <span title={`Column and row of the image; ${crs}`}>
        <b>px</b> {Math.floor(values.x)}, {Math.floor(values.y)}
      </span>
      <span class="found" data-testid="under">
        {classText(values)}
      </span>
      <span class="crs" title={crs}>
        <b>xy</b> {short(values.crs_x)}, {short(values.crs_y)}
      </span>
    </div>
  );
}

function classText(values: Values): string {
  if (!values.valid) return "no data";
  if (!values.class) return "";
  const sure = values.class_probability === null ? "" : ` ${Math.round(values.class_probability)} %`;
  return `${values.class.label}${sure}`;
}

/** Metres need no decimals here; degrees do. */
export function short(value: number): string {
  return Math.abs(value) > 1000 ? value.toFixed(0) : value.toFixed(5);
}
