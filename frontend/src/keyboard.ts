// Keys of the whole page.
import * as actions from "./actions";
import type { Controller } from "./map/controller";
import { type Command, commandOf, type Focus } from "./model/keys";
import { coordinatesToCopy } from "./panels/BottomBar";
import { store } from "./store";

function focusOf(target: EventTarget | null): Focus {
  if (!(target instanceof HTMLElement)) return "page";
  if (target.closest("input, select, textarea, [role=slider]")) return "field";
  return target.closest("button, a, [role=button]") ? "button" : "page";
}

export function listenToKeys(controller: Controller): void {
  document.addEventListener("keydown", (event) => {
    // A modal dialog keeps its keys; the browser closes it on Escape.
    if (document.querySelector("dialog[open]")) return;
    const command = commandOf(event, focusOf(event.target));
    if (command === null) return;
    event.preventDefault();
    obey(command, controller);
  });
}

function obey(command: Command, controller: Controller): void {
  if (command.do === "class") pickByKey(command.index);
  else if (command.do === "history") actions.stepHistory(command.step);
  else if (command.do === "pan" || command.do === "zoom") moveMaps(command, controller);
  else PLAIN[command.do](controller);
}

type Plain = Exclude<Command["do"], "class" | "history" | "pan" | "zoom">;

const PLAIN: Record<Plain, (controller: Controller) => void> = {
  enter,
  copy,
  escape: actions.stepOut,
  delete: actions.removeSelected,
  undo: actions.undo,
  redo: actions.redo,
  next: () => void actions.nextPlace(),
  training: () => actions.setCollecting(!store.get().collecting),
  plot: () => actions.setDrawing(!store.get().drawing),
  help: () => store.set({ dialog: { kind: "help" } }),
  fit: (controller) => controller.fit(),
};

function moveMaps(command: Extract<Command, { do: "pan" | "zoom" }>, controller: Controller): void {
  // Whoever moves by keys aims with the middle of the map: it is marked until the pointer moves again.
  document.body.classList.add("keyboard-panning");
  if (command.do === "pan") controller.panBy(command.dx, command.dy);
  else controller.zoomBy(command.by);
}

function pickByKey(index: number): void {
  const { collecting, server } = store.get();
  const entry = server?.legend[index];
  if (collecting && entry) actions.pickClass(entry.value);
}

function enter(controller: Controller): void {
  const { collecting, drawing } = store.get();
  if (drawing) controller.finishDrawing();
  else if (collecting) actions.addPoint(controller.centre());
}

function copy(): void {
  const { values } = store.get();
  if (values) void actions.copyText(coordinatesToCopy(values));
}
