// The panel beside the maps while collecting: the classes, the point, the way through the points of this session.
import * as actions from "../actions";
import { inkOn, hexColour } from "../model/colour";
import type { LegendEntry, Point } from "../model/contract";
import { degrees } from "../model/sentences";
import { type Draft, useStore } from "../store";
import { Icon } from "./Icon";
import { Button, leaveAfterClick } from "./parts";

export function CollectPanel() {
  const server = useStore((state) => state.server);
  const selected = useStore((state) => state.selected);
  const draft = useStore((state) => state.draft);
  const lastClass = useStore((state) => state.lastClass);
  // Points are kept apart from the state; their version tells that the selected one may have changed.
  useStore((state) => state.server?.version);
  if (!server) return null;
  const point = actions.points.get(selected);
  const value = draft ? draft.value : (point?.value ?? null);
  return (
    <aside class="collect" aria-label="Collect training points" data-testid="collect-panel">
      <div class="panel-head">
        <h2>{heading(point, draft)}</h2>
        <Button
          icon="close"
          label="Stop collecting"
          hint="Escape"
          testId="stop"
          onClick={() => actions.setCollecting(false)}
        />
      </div>
      <Where point={point} draft={draft} />
      <h3>Class</h3>
      {server.legend.length === 0 && (
        <p class="say">The recipe has no legend yet. Give it classes, then points can be collected.</p>
      )}
      <ul class="classes">
        {server.legend.map((entry, at) => (
          <li key={entry.value}>
            <ClassButton
              entry={entry}
              at={at}
              count={server.training.by_class[String(entry.value)] ?? 0}
              current={value === entry.value}
              remembered={value === null && lastClass === entry.value}
            />
          </li>
        ))}
      </ul>
      <p class="say quiet" data-testid="memory">
        {memory(server.legend, lastClass, draft)}
      </p>
      <div class="row">
        <Button
          icon="trash"
          text="Delete"
          label="Delete this point"
          hint="Delete"
          testId="delete"
          disabled={!draft && !point?.editable}
          onClick={actions.removeSelected}
        />
        <History />
      </div>
      <Suggestions />
    </aside>
  );
}

function heading(point: Point | undefined, draft: Draft | null): string {
  if (draft) return draft.ring ? "New plot" : "New point";
  if (!point) return "Click the map to add a point";
  if (point.kind === "imported") return point.ring ? "Imported polygon" : "Imported point";
  return point.ring ? "Plot" : "Point";
}

function memory(legend: readonly LegendEntry[], lastClass: number | null, draft: Draft | null): string {
  if (draft && draft.value === null) return "Choose the class of this place: click it or press its number.";
  const entry = legend.find((known) => known.value === lastClass);
  if (!entry) return "The next point waits for its class.";
  return `The next point is ${entry.label}. Choose it again to be asked each time.`;
}

function Where({ point, draft }: { point: Point | undefined; draft: Draft | null }) {
  const at = draft?.at ?? (point ? [point.x, point.y] : null);
  if (!at) return <p class="where quiet">Drag a point to move it.</p>;
  const places: [string, string][] = [["Pixel", `${Math.floor(at[0] ?? 0)}, ${Math.floor(at[1] ?? 0)}`]];
  if (point && !draft) places.push(["Lon, lat", `${degrees(point.lon, 6)}, ${degrees(point.lat, 6)}`]);
  if (point && !draft) places.push(["From", point.source]);
  return (
    <dl class="where" data-testid="where">
      {places.map(([name, text]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd title={text}>{text}</dd>
        </div>
      ))}
    </dl>
  );
}

interface ClassButtonProps {
  entry: LegendEntry;
  at: number;
  count: number;
  current: boolean;
  remembered: boolean;
}

function ClassButton({ entry, at, count, current, remembered }: ClassButtonProps) {
  const colour = hexColour(entry.color);
  return (
    <button
      type="button"
      class={`class ${current ? "current" : ""} ${remembered ? "remembered" : ""}`}
      aria-pressed={current}
      data-testid={`class-${entry.value}`}
      title={at < 9 ? `Key ${at + 1}` : undefined}
      onClick={(event) => {
        leaveAfterClick(event);
        actions.pickClass(entry.value);
      }}
    >
      <span class="key" style={{ backgroundColor: colour, color: inkOn(colour) }}>
        {at < 9 ? at + 1 : ""}
      </span>
      <span class="label">
        {entry.label} <span class="quiet">({entry.value})</span>
      </span>
      <span class="count" title="Rows used in training">
        {count > 0 ? count.toLocaleString("en") : ""}
      </span>
      <span class="tick">{current && <Icon name="check" />}</span>
    </button>
  );
}

function History() {
  const history = useStore((state) => state.history);
  return (
    <div class="stepper">
      <Button
        icon="left"
        label="Previous point of this session"
        hint="["
        testId="previous"
        disabled={history.at <= 0}
        onClick={() => actions.stepHistory(-1)}
      />
      <span class="quiet" data-testid="history">
        {history.ids.length === 0 ? "–" : `${history.at + 1} of ${history.ids.length}`}
      </span>
      <Button
        icon="right"
        label="Next point of this session"
        hint="]"
        testId="following"
        disabled={history.at >= history.ids.length - 1}
        onClick={() => actions.stepHistory(1)}
      />
    </div>
  );
}

function Suggestions() {
  const places = useStore((state) => state.places);
  const server = useStore((state) => state.server);
  const place = places.list[places.at];
  const entry = server?.legend.find((known) => known.value === place?.value);
  return (
    <section class="suggest" aria-label="Suggested places">
      <h3>Where the map is unsure</h3>
      <div class="row">
        <label class="choose">
          <span class="hidden">Rule</span>
          <select
            data-testid="rule"
            value={places.rule}
            onChange={(event) => actions.setRule(event.currentTarget.value === "margin" ? "margin" : "confidence")}
          >
            <option value="confidence">Low class probability</option>
            <option value="margin">Two classes nearly equal</option>
          </select>
        </label>
        <Button
          icon="next"
          text="Next"
          label="Go to the next suggested place"
          hint="n"
          testId="next-place"
          disabled={server?.revision === null}
          onClick={() => void actions.nextPlace()}
        />
      </div>
      {place && (
        <p class="say" data-testid="place">
          Place {places.at + 1} of {places.list.length}: mapped as {entry?.label ?? place.value} with {place.probability} %.
        </p>
      )}
      {places.message !== "" && <p class="say quiet">{places.message}</p>}
    </section>
  );
}
