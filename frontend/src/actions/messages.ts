// Short messages, and copying.
import { store } from "../store";

const TOAST_MS = 6000;

let toastCount = 0;

export function toast(text: string, tone: "error" | "note" = "note"): void {
  const key = ++toastCount;
  const others = store.get().toasts.filter((known) => known.text !== text);
  store.set({ toasts: [...others, { key, text, tone }].slice(-4) });
  setTimeout(() => dismiss(key), TOAST_MS);
}

export function dismiss(key: number): void {
  store.set({ toasts: store.get().toasts.filter((known) => known.key !== key) });
}

export function complain(error: unknown): void {
  toast(error instanceof Error ? error.message : String(error), "error");
}

export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(`Copied: ${text}`);
  } catch {
    toast(`The browser does not let this page copy. ${text}`);
  }
}
