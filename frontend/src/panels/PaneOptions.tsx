// Options of one pane: bands and stretch of the image, what shows through, the divider, vector layers.
import * as actions from "../actions";
import { choiceKey, choiceOfKey, type LayerChoice } from "../model/tiles";
import type { PaneSettings } from "../model/panes";
import { store, useStore } from "../store";
import { layerGroups } from "./layers";
import { Button, Popover, Slider, Switch } from "./parts";

interface OptionsProps {
  index: number;
  settings: PaneSettings;
}

export function PaneOptions({ index, settings }: OptionsProps) {
  return (
    <Popover icon="tune" label={`Options of map ${index + 1}`} testId={`options-${index}`}>
      {settings.layer.kind === "image" && <BandChooser index={index} bands={settings.layer.bands} />}
      <h2>Compare</h2>
      <Below index={index} settings={settings} />
      <Switch
        label="Divider"
        on={settings.swipe !== null}
        testId={`swipe-${index}`}
        onChange={(on) => actions.setPane(index, { swipe: on ? 0.5 : null })}
      />
      <Slider
        label="Opacity"
        value={settings.opacity}
        min={0}
        max={1}
        step={0.05}
        testId={`opacity-${index}`}
        show={(value) => `${Math.round(value * 100)} %`}
        onInput={(opacity) => actions.setPane(index, { opacity })}
      />
      <UserLayers index={index} settings={settings} />
    </Popover>
  );
}

function Below({ index, settings }: OptionsProps) {
  const server = useStore((state) => state.server);
  if (!server) return null;
  return (
    <label class="field">
      <span>With</span>
      <select
        data-testid={`below-${index}`}
        value={choiceKey(settings.below)}
        onChange={(event) => actions.setPane(index, { below: choiceOfKey(event.currentTarget.value) })}
      >
        {layerGroups(server).map((group) => (
          <optgroup label={group.title} key={group.title}>
            {group.choices.map(({ layer, title }) => (
              <option value={choiceKey(layer)} key={choiceKey(layer)}>
                {title}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
    </label>
  );
}

const CHANNELS = ["Red", "Green", "Blue"] as const;

function BandChooser({ index, bands }: { index: number; bands: string[] }) {
  const server = useStore((state) => state.server);
  if (!server) return null;
  const single = bands.length === 1;
  const set = (chosen: string[]) => {
    const layer: LayerChoice = { kind: "image", bands: chosen };
    actions.setPane(index, { layer });
  };
  const first = bands[0] ?? "";
  return (
    <>
      <h2>Bands</h2>
      <Switch
        label="One band in gray"
        on={single}
        testId={`gray-${index}`}
        onChange={(on) => set(on ? [first] : server.composite.length === 3 ? server.composite : [first, first, first])}
      />
      <div class="bands">
        {bands.map((band, at) => (
          <div class="band" key={at}>
            <label>
              <span>{single ? "Gray" : CHANNELS[at]}</span>
              <select
                data-testid={`band-${index}-${at}`}
                value={band}
                onChange={(event) => set(bands.map((old, other) => (other === at ? event.currentTarget.value : old)))}
              >
                {server.bands.map(({ name }) => (
                  <option key={name}>{name}</option>
                ))}
              </select>
            </label>
            <Limits band={band} />
          </div>
        ))}
      </div>
      <Button
        text="Stretch anew"
        label="Stretch from the 2nd to the 98th percentile"
        testId={`stretch-${index}`}
        onClick={() => void actions.resetStretch(bands)}
      />
    </>
  );
}

/** The values drawn darkest and lightest. */
function Limits({ band }: { band: string }) {
  const limits = useStore((state) => state.stretch[band]);
  if (!limits) return <span class="quiet">…</span>;
  const set = (at: 0 | 1, text: string) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value)) return;
    const changed: [number, number] = at === 0 ? [value, limits[1]] : [limits[0], value];
    if (changed[0] < changed[1]) store.set({ stretch: { ...store.get().stretch, [band]: changed } });
  };
  return (
    <span class="limits">
      {([0, 1] as const).map((at) => (
        <input
          key={at}
          type="number"
          step="any"
          value={Number(limits[at].toPrecision(5))}
          aria-label={`${band}: value drawn ${at === 0 ? "darkest" : "lightest"}`}
          onChange={(event) => set(at, event.currentTarget.value)}
        />
      ))}
    </span>
  );
}

function UserLayers({ index, settings }: OptionsProps) {
  const layers = useStore((state) => state.server?.layers ?? []);
  const toggle = (id: string, on: boolean) => {
    if (on) void actions.loadVector(id);
    const others = settings.vectors.filter((known) => known !== id);
    actions.setPane(index, { vectors: on ? [...others, id] : others });
  };
  return (
    <>
      <h2>Your files</h2>
      <ul class="user-layers">
        {layers.map((layer) => (
          <li key={layer.id}>
            {layer.kind === "vector" ? (
              <label>
                <input
                  type="checkbox"
                  checked={settings.vectors.includes(layer.id)}
                  onChange={(event) => toggle(layer.id, event.currentTarget.checked)}
                />
                <span>{layer.title}</span>
              </label>
            ) : (
              <button
                type="button"
                class="link"
                onClick={() => actions.setPane(index, { layer: { kind: "layer", id: layer.id } })}
              >
                {layer.title}
              </button>
            )}
            <Button
              icon="close"
              label={`Take ${layer.title} off the page`}
              testId={`remove-${layer.id}`}
              onClick={() => void actions.removeLayer(layer.id)}
            />
          </li>
        ))}
      </ul>
      <Button
        icon="folder"
        text="Add a file…"
        label="Add a raster or vector file"
        testId={`add-layer-${index}`}
        onClick={() => store.set({ dialog: { kind: "files", pane: index } })}
      />
    </>
  );
}
