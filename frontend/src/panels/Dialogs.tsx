// The help and the file browser, as the browser's own modal dialogs: they keep the focus and close on Escape.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import * as actions from "../actions";
import { api } from "../api";
import type { Files } from "../model/contract";
import { type Dialog, store, useStore } from "../store";
import { Icon } from "./Icon";
import { Button } from "./parts";

export function Dialogs() {
  const dialog = useStore((state) => state.dialog);
  if (dialog?.kind === "help") return <Help />;
  if (dialog?.kind === "files") return <FileBrowser pane={dialog.pane} />;
  return null;
}

type Kind = NonNullable<Dialog>["kind"];

/** The browser tells late that a dialog was closed: by then another one may be open. */
function close(kind: Kind): void {
  if (store.get().dialog?.kind === kind) store.set({ dialog: null });
}

function Modal({ title, kind, children }: { title: string; kind: Kind; children: ComponentChildren }) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    box.current?.showModal();
  }, []);
  return (
    <dialog ref={box} aria-label={title} onClose={() => close(kind)} data-testid={`${kind}-dialog`}>
      <div class="panel-head">
        <h2>{title}</h2>
        <Button icon="close" label="Close" hint="Escape" testId="close-dialog" onClick={() => close(kind)} />
      </div>
      {children}
    </dialog>
  );
}

const KEYS: [string, string][] = [
  ["t", "start or stop collecting points"],
  ["Click", "add a point with the last class; on a point: select it"],
  ["Drag", "move a point"],
  ["1 … 9", "class of the point"],
  ["Enter", "add a point at the cross-hair in the middle; close a plot"],
  ["d", "draw a small plot; double click or Enter closes it"],
  ["Delete", "remove the point"],
  ["Escape", "leave the plot, the point, then collecting"],
  ["n", "next place where the map is unsure"],
  ["[ or p, ]", "previous and next point of this session"],
  ["Ctrl+Z, Ctrl+Shift+Z", "undo, redo"],
  ["Arrows, + −", "move and zoom the maps"],
  ["f", "show the whole image"],
  ["c", "copy latitude and longitude under the pointer"],
];

function Help() {
  return (
    <Modal title="Training by looking" kind="help">
      <p class="say">
        Press <b>Collect</b>, click a place you are sure of and choose its class. With points of two classes or more the
        map is drawn, and drawn again after every change. Look where it is wrong or unsure, and add points there.
      </p>
      <dl class="keys">
        {KEYS.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <p class="say quiet">
        The program contains software of others: <a href="/static/NOTICES.txt">notices</a>.
      </p>
    </Modal>
  );
}

const KINDS = { folder: "folder", raster: "raster", vector: "vector", mbtiles: "tiles" } as const;

function FileBrowser({ pane }: { pane: number }) {
  const [files, setFiles] = useState<Files | null>(null);
  const [error, setError] = useState("");
  const open = (folder: string) => {
    api.files(folder).then(
      (found) => {
        setFiles(found);
        setError("");
      },
      (reason: unknown) => setError(reason instanceof Error ? reason.message : String(reason)),
    );
  };
  useEffect(() => open(""), []);
  const choose = (path: string) => void actions.addLayer(path, pane).then((added) => added && close("files"));
  return (
    <Modal title="Add a layer" kind="files">
      <nav class="crumbs" aria-label="Folder">
        {files?.parents.map(({ name, path }) =>
          path === files.folder ? (
            <strong key={path} aria-current="page">
              {name}
            </strong>
          ) : (
            <button type="button" key={path} class="link" onClick={() => open(path)}>
              {name}
            </button>
          ),
        )}
      </nav>
      {error !== "" && <p class="say bad">{error}</p>}
      <ul class="files">
        {files?.entries.map((entry) => (
          <li key={entry.path}>
            <button
              type="button"
              data-testid={`file-${entry.name}`}
              onClick={() => (entry.kind === "folder" ? open(entry.path) : choose(entry.path))}
            >
              {entry.kind === "folder" ? <Icon name="folder" /> : <span class="dot" aria-hidden="true" />}
              <span>{entry.name}</span>
              <span class="quiet">{KINDS[entry.kind]}</span>
            </button>
          </li>
        ))}
        {files?.entries.length === 0 && <li class="quiet">Nothing here that can be shown.</li>}
      </ul>
    </Modal>
  );
}
