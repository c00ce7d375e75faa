// A pane on the page: the map, the choice of its layer, its divider, its scale bar.
import { useEffect, useRef } from "preact/hooks";
import * as actions from "../actions";
import type { Controller } from "../map/controller";
import { isTurned, scaleBar } from "../model/placing";
import { choiceKey, type LayerChoice, sameChoice } from "../model/tiles";
import type { PaneSettings } from "../model/panes";
import { store, useStore } from "../store";
import { useViewResolution } from "./hooks";
import { Icon } from "./Icon";
import { layerGroups, titleOf } from "./layers";
import { PaneOptions } from "./PaneOptions";
import { Button } from "./parts";

interface PaneViewProps {
  controller: Controller;
  index: number;
  last: boolean;
}

export function PaneView({ controller, index, last }: PaneViewProps) {
  const target = useRef<HTMLDivElement>(null);
  const ghost = useRef<HTMLDivElement>(null);
  const settings = useStore((state) => state.panes[index]);
  const server = useStore((state) => state.server);
  useEffect(() => {
    if (target.current && ghost.current) return controller.attach(index, target.current, ghost.current);
  }, [controller, index]);
  if (!settings || !server) return null;
  const title = titleOf(settings.layer, server);
  return (
    <section class="pane" aria-label={`Map ${index + 1}: ${title}`} data-testid={`pane-${index}`}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a map is moved with the arrow keys */}
      <div class="map" ref={target} tabIndex={0} role="application" aria-label={`Map ${index + 1}: ${title}`} />
      <div class="ghost" ref={ghost} hidden />
      <div class="middle" aria-hidden="true" />
      <div class="pane-head">
        <LayerSelect index={index} settings={settings} />
        <PaneOptions index={index} settings={settings} />
      </div>
      {settings.layer.kind === "output" && server.revision === null && (
        <p class="pane-note" data-testid="no-model">
          {server.training.status === "training" ? "Training…" : server.training.message || "There is no model yet."}
        </p>
      )}
      {settings.swipe !== null && <Divider index={index} swipe={settings.swipe} settings={settings} />}
      {settings.layer.kind === "output" && settings.layer.id !== "class" && <Ramp />}
      {index === 0 && <Scale controller={controller} />}
      {last && (
        <div class="zoom">
          <Button icon="plus" label="Closer" hint="+" testId="zoom-in" onClick={() => controller.zoomBy(1)} />
          <Button icon="minus" label="Farther" hint="-" testId="zoom-out" onClick={() => controller.zoomBy(-1)} />
          <Button icon="fit" label="Whole image" hint="f" testId="fit" onClick={() => controller.fit()} />
        </div>
      )}
    </section>
  );
}

function LayerSelect({ index, settings }: { index: number; settings: PaneSettings }) {
  const server = useStore((state) => state.server);
  if (!server) return null;
  const groups = layerGroups(server);
  const known = groups.some((group) => group.choices.some((choice) => sameChoice(choice.layer, settings.layer)));
  return (
    <select
      class="layer"
      aria-label={`Layer of map ${index + 1}`}
      data-testid={`layer-${index}`}
      value={choiceKey(settings.layer)}
      onChange={(event) => {
        actions.chooseLayer(index, event.currentTarget.value);
        // Until the layer changes the list names what is shown, also after "Add a file".
        event.currentTarget.value = choiceKey(store.get().panes[index]?.layer ?? settings.layer);
      }}
    >
      {!known && <option value={choiceKey(settings.layer)}>{titleOf(settings.layer, server)}</option>}
      {groups.map((group) => (
        <optgroup label={group.title} key={group.title}>
          {group.choices.map(({ layer, title }) => (
            <option value={choiceKey(layer)} key={choiceKey(layer)}>
              {title}
            </option>
          ))}
        </optgroup>
      ))}
      <option value="add">Add a file…</option>
    </select>
  );
}

function Divider({ index, swipe, settings }: { index: number; swipe: number; settings: PaneSettings }) {
  const server = useStore((state) => state.server);
  const move = (to: number) => actions.setPane(index, { swipe: Math.min(0.98, Math.max(0.02, to)) });
  const drag = (event: PointerEvent) => {
    const handle = event.currentTarget as HTMLElement;
    const box = handle.parentElement?.getBoundingClientRect();
    if (handle.hasPointerCapture(event.pointerId) && box) move((event.clientX - box.left) / box.width);
  };
  const name = (layer: LayerChoice) => (server ? titleOf(layer, server) : "");
  return (
    <div
      class="divider"
      role="slider"
      tabIndex={0}
      aria-label={`Divider between ${name(settings.layer)} and ${name(settings.below)}`}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(swipe * 100)}
      data-testid={`divider-${index}`}
      style={{ left: `${swipe * 100}%` }}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
      onKeyDown={(event) => {
        const step = event.key === "ArrowLeft" ? -0.02 : event.key === "ArrowRight" ? 0.02 : 0;
        if (step === 0) return;
        event.preventDefault();
        event.stopPropagation();
        move(swipe + step);
      }}
    >
      <span class="grip" aria-hidden="true" />
      <span class="side" aria-hidden="true">
        {name(settings.below)}
      </span>
    </div>
  );
}

/** The colours of probability, 0 to 100 %. */
function Ramp() {
  const palette = useStore((state) => state.server?.palette ?? []);
  return (
    <div class="ramp" role="img" aria-label="Colours from 0 to 100 percent">
      <span>0</span>
      {palette.map((colour) => (
        <i key={colour} style={{ backgroundColor: colour }} />
      ))}
      <span>100 %</span>
    </div>
  );
}

const SCALE_BAR_PX = 130;

function Scale({ controller }: { controller: Controller }) {
  const resolution = useViewResolution(controller.view);
  const { pixels, text } = scaleBar(resolution * controller.grid.metres_per_pixel, SCALE_BAR_PX);
  return (
    <div class="measures">
      <div class="scale" data-testid="scale" role="img" aria-label={`Scale bar: ${text}`}>
        <span>{text}</span>
        <i style={{ width: `${pixels}px` }} />
      </div>
      <North degrees={controller.grid.north} />
    </div>
  );
}

/** Maps are read with north up: where it is elsewhere, an arrow says so. */
function North({ degrees }: { degrees: number }) {
  if (!isTurned(degrees)) return null;
  const style = { transform: `rotate(${degrees}deg)` };
  return (
    <span class="north" role="img" aria-label="North" title="North" data-testid="north" style={style}>
      <Icon name="north" />
    </span>
  );
}
