// Opens the page: reads the state, makes the maps, listens to the server and to the keys.
import { render } from "preact";
import "./app.css";
import * as actions from "./actions";
import { Events } from "./events";
import { Controller } from "./map/controller";
import type { Grid } from "./model/contract";
import type { Pair } from "./model/placing";
import { listenToKeys } from "./keyboard";
import { App } from "./panels/App";
import { store } from "./store";

declare global {
  interface Window {
    /** For tests, and for the curious: where on the page a place of the image is. */
    classifyLocal: { pixelOf(x: number, y: number, pane: number): Pair | null };
  }
}

function sameGrid(one: Grid, other: Grid): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** What tests wait for stands on the body. */
function showOnBody(): void {
  const { server, points, collecting } = store.get();
  const { dataset } = document.body;
  dataset.points = String(points);
  dataset.mode = collecting ? "collecting" : "looking";
  if (server?.revision != null) dataset.revision = String(server.revision);
  if (server) document.title = `${server.recipe.name} – classify_local`;
}

async function open(page: HTMLElement): Promise<void> {
  await actions.reload();
  const grid = store.get().server?.grid;
  if (!grid) return;
  const events = new Events({
    onEvent: actions.onServerEvent,
    onLost: () => store.set({ connected: false }),
    onOpen(again) {
      store.set({ connected: true });
      if (again) void actions.reload().catch(() => store.set({ connected: false }));
    },
  });
  const controller = new Controller(grid, events);
  window.classifyLocal = { pixelOf: (x, y, pane) => controller.pixelOf(x, y, pane) };
  store.subscribe((state) => {
    // Another image under the same address: everything drawn so far lies elsewhere.
    if (state.server && !sameGrid(state.server.grid, grid)) location.reload();
  });
  listenToKeys(controller);
  for (const note of store.get().server?.notes ?? []) actions.toast(note);
  page.replaceChildren();
  render(<App controller={controller} />, page);
}

const page = document.getElementById("page");
if (page) {
  store.subscribe(showOnBody);
  open(page).catch((error: unknown) => {
    const line = document.createElement("p");
    line.className = "starting";
    line.textContent = error instanceof Error ? error.message : String(error);
    page.replaceChildren(line);
  });
}
