// The thin bar on top: what is open, how training stands, and the tools.
import * as actions from "../actions";
import { accuracySentence, trainingSentence } from "../model/sentences";
import { store, useStore } from "../store";
import { Confidence } from "./Confidence";
import { Button, leaveAfterClick, Switch } from "./parts";

export function TopBar() {
  const server = useStore((state) => state.server);
  const collecting = useStore((state) => state.collecting);
  const drawing = useStore((state) => state.drawing);
  const showValues = useStore((state) => state.showValues);
  if (!server) return null;
  return (
    <header class="top">
      <div class="title">
        <img src="/static/icon.svg" alt="" width="22" height="22" />
        <h1 title={server.recipe.file}>{server.recipe.name}</h1>
      </div>
      <Status />
      <div class="tools" role="toolbar" aria-label="Tools">
        <Button
          icon="marker"
          text="Collect"
          label="Collect training points"
          hint="t"
          testId="collect"
          pressed={collecting}
          tone="strong"
          onClick={() => actions.setCollecting(!collecting)}
        />
        <Button
          icon="polygon"
          label="Draw a small plot"
          hint="d"
          testId="draw"
          pressed={drawing}
          onClick={() => actions.setDrawing(!drawing)}
        />
        <Button
          icon="next"
          label="Next place worth a point"
          hint="n"
          testId="next"
          disabled={server.revision === null}
          onClick={() => void actions.nextPlace()}
        />
        <span class="gap" />
        <Button icon="undo" label="Undo" hint="Ctrl+Z" testId="undo" disabled={!server.undo} onClick={actions.undo} />
        <Button
          icon="redo"
          label="Redo"
          hint="Ctrl+Shift+Z"
          testId="redo"
          disabled={!server.redo}
          onClick={actions.redo}
        />
        <span class="gap" />
        <Confidence />
        <Button
          icon="table"
          label="Band values under the pointer"
          testId="values"
          pressed={showValues}
          onClick={() => store.set({ showValues: !showValues })}
        />
        <Layout />
        <Button
          icon="help"
          label="Help"
          hint="?"
          testId="help"
          onClick={() => store.set({ dialog: { kind: "help" } })}
        />
      </div>
    </header>
  );
}

function Status() {
  const server = useStore((state) => state.server);
  const points = useStore((state) => state.points);
  if (!server) return null;
  const { training, check, live } = server;
  return (
    <div class="status">
      <span
        class={`lamp ${training.status}`}
        role="status"
        aria-live="polite"
        title={training.message}
        data-testid="training"
        data-status={training.status}
      >
        {trainingSentence(training, points)}
      </span>
      {check && (
        <span class="accuracy" title={check.text} data-testid="accuracy">
          Cross-validation <strong>{accuracySentence(check)}</strong>
        </span>
      )}
      <Switch
        label="Live"
        on={live}
        testId="live"
        title="Train and redraw after every change"
        onChange={actions.setLive}
      />
      {!live && (
        <Button
          text="Train now"
          label="Train with the points as they are"
          testId="train"
          disabled={training.status === "training"}
          onClick={actions.trainNow}
        />
      )}
    </div>
  );
}

function Layout() {
  const layout = useStore((state) => state.layout);
  return (
    <fieldset class="layouts">
      <legend class="hidden">Number of maps</legend>
      {[1, 2, 3, 4].map((count) => (
        <button
          type="button"
          key={count}
          class="button square"
          aria-pressed={layout === count}
          aria-label={count === 1 ? "One map" : `${count} maps side by side`}
          title={count === 1 ? "One map" : `${count} maps side by side`}
          data-testid={`layout-${count}`}
          onClick={(event) => {
            leaveAfterClick(event);
            store.set({ layout: count });
          }}
        >
          <span class={`layout-icon panes-${count}`} aria-hidden="true">
            {Array.from({ length: count }, (_, at) => (
              <i key={at} />
            ))}
          </span>
        </button>
      ))}
    </fieldset>
  );
}

