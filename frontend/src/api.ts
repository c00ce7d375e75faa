// Requests to the page's own server. Every failure becomes an error whose message is one line to show as text.
import type {
  Change,
  Changes,
  Files,
  Limits,
  NextRule,
  Place,
  ServerState,
  UserLayer,
  Values,
  VectorFeature,
} from "./model/contract";

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** The server gave no answer at all: it has stopped, or cannot be reached. */
export class NoAnswer extends Error {
  constructor() {
    super("The server does not answer.");
  }
}

async function request<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = { method, signal: signal ?? null, cache: "no-store" };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "Content-Type": "application/json" };
  }
  const { response, text } = await answerOf(path, init);
  if (!response.ok) throw new ApiError(response.status, errorOf(text) ?? `${method} ${path}: ${response.status}`);
  return (text === "" ? null : JSON.parse(text)) as T;
}

async function answerOf(path: string, init: RequestInit): Promise<{ response: Response; text: string }> {
  try {
    const response = await fetch(path, init);
    return { response, text: await response.text() };
  } catch (error) {
    // Browsers name a lost connection each in their own words; a request that was given up is another kind of error.
    throw error instanceof TypeError ? new NoAnswer() : error;
  }
}

function errorOf(text: string): string | null {
  try {
    const said: unknown = JSON.parse(text);
    if (typeof said === "object" && said !== null && "error" in said) return String(said.error);
  } catch {
    // Not ours: a proxy's or the server's plain text; the status says enough.
  }
  return null;
}

const id = encodeURIComponent;

export const api = {
  state: () => request<ServerState>("GET", "/api/state"),
  change: (version: number, change: Change) => request<Changes>("POST", "/api/change", { version, ...change }),
  live: (on: boolean) => request<unknown>("POST", "/api/live", { on }),
  train: () => request<unknown>("POST", "/api/train", {}),
  overviews: () => request<unknown>("POST", "/api/overviews", {}),
  values: (x: number, y: number, signal: AbortSignal) =>
    request<Values>("GET", `/api/values?x=${x}&y=${y}`, undefined, signal),
  stretch: (bands: string[]) =>
    request<{ limits: Record<string, Limits> }>("GET", `/api/stretch?bands=${bands.map(id).join(",")}`),
  next: (rule: NextRule, n: number, seed: number) =>
    request<{ places: Place[]; message: string }>("GET", `/api/next?rule=${rule}&n=${n}&seed=${seed}`),
  files: (folder: string) => request<Files>("GET", `/api/files?folder=${id(folder)}`),
  addLayer: (path: string) => request<UserLayer>("POST", "/api/layers", { path }),
  removeLayer: (layer: string) => request<unknown>("DELETE", `/api/layers/${id(layer)}`),
  features: (layer: string) => request<{ features: VectorFeature[] }>("GET", `/api/layers/${id(layer)}/features`),
};
