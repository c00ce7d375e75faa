// Bars for what concerns the whole page, and short messages. All words are shown as text.
import * as actions from "../actions";
import { savedSentence } from "../model/sentences";
import { useStore } from "../store";
import { Button } from "./parts";

export function Banners() {
  const server = useStore((state) => state.server);
  const connected = useStore((state) => state.connected);
  // A point on the map that waits for its class or for the server is not saved either.
  const unsaved = useStore((state) => state.unsaved || state.draft !== null);
  const missing = server?.overviews.missing ?? [];
  return (
    <div class="banners" role="status" aria-live="polite">
      {!connected && (
        <div class="banner bad" data-testid="stopped">
          The server has stopped. {savedSentence(unsaved)} Start <code>classify-local map</code> again and open the address
          it prints; if it is only busy, this page comes back by itself.
        </div>
      )}
      {server?.training.status === "failed" && (
        <div class="banner bad" data-testid="failed">
          Training failed: {server.training.message}
        </div>
      )}
      {server && missing.length > 0 && <Overviews missing={missing} />}
    </div>
  );
}

function Overviews({ missing }: { missing: string[] }) {
  const overviews = useStore((state) => state.server?.overviews);
  const names = missing.length === 1 ? missing[0] : `${missing.length} images`;
  if (overviews?.building) {
    const done = overviews.progress;
    return (
      <div class="banner" data-testid="overviews">
        Making overviews of {names}…
        {done !== undefined && <progress max={1} value={done} aria-label="Overviews made" />}
      </div>
    );
  }
  return (
    <div class="banner" data-testid="overviews" title={missing.join(", ")}>
      <span>
        {names} {missing.length === 1 ? "has" : "have"} no overviews: the map is slow when zoomed out.
      </span>
      <Button text="Make overviews" label="Make overviews" testId="make-overviews" onClick={actions.buildOverviews} />
    </div>
  );
}

export function Toasts() {
  const toasts = useStore((state) => state.toasts);
  return (
    <div class="toasts" role="log" aria-live="assertive">
      {toasts.map((toast) => (
        <div class={`toast ${toast.tone}`} key={toast.key} data-testid="toast">
          <span>{toast.text}</span>
          <Button icon="close" label="Close" testId="close-toast" onClick={() => actions.dismiss(toast.key)} />
        </div>
      ))}
    </div>
  );
}
