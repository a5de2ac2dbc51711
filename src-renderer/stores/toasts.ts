import { defineStore } from "pinia";
import { ref } from "vue";
import { StudioError } from "../bridge/studio.ts";

export interface Toast {
  readonly id: number;
  readonly kind: "info" | "good" | "bad";
  readonly title: string;
  readonly text?: string;
  readonly detail?: string;
  readonly action?: { readonly label: string; readonly run: () => void };
  /** Milliseconds on screen; 0 keeps the toast until it is dismissed, as for errors. */
  readonly life: number;
  /** When it was shown, in ms since the epoch. */
  readonly since: number;
}

const SAME_ACTION_MS = 1000;

export const useToasts = defineStore("toasts", () => {
  const list = ref<Toast[]>([]);
  let next = 1;

  function push(toast: Omit<Toast, "id" | "life" | "since"> & { life?: number }): number {
    const id = next++;
    list.value = [...list.value.slice(-3), { ...toast, id, since: Date.now(), life: toast.life ?? (toast.kind === "bad" ? 0 : toast.action ? 9000 : 4000) }];
    return id;
  }

  function dismiss(id: number): void {
    list.value = list.value.filter((toast) => toast.id !== id);
  }

  /** Removes the toasts of a page that is being left. Those of the last moment stay: they report what led to the new page. */
  function leavePage(now = Date.now()): void {
    list.value = list.value.filter((toast) => now - toast.since < SAME_ACTION_MS);
  }

  function clear(): void {
    list.value = [];
  }

  function error(what: string, cause: unknown): void {
    push({ kind: "bad", title: what, ...describeError(cause) });
  }

  return { list, push, dismiss, leavePage, clear, error };
});

/** An error as text with its remedy, and the details for a bug report. */
export function describeError(cause: unknown): { text: string; detail: string } {
  if (cause instanceof StudioError) {
    const text = cause.remedy === undefined ? cause.message : `${cause.message} ${cause.remedy}`;
    return { text, detail: [`${cause.code}: ${cause.message}`, cause.remedy, cause.detail].filter((part) => part !== undefined).join("\n") };
  }
  if (cause instanceof Error) return { text: cause.message, detail: cause.stack ?? cause.message };
  return { text: String(cause), detail: String(cause) };
}
