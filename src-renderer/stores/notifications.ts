import { defineStore } from "pinia";
import { z } from "zod";
import { ACTIVE_STATUSES, type RunSummary } from "../../src-shared/domain/records/run.ts";
import { onEvent, studio } from "../bridge/studio.ts";
import { STATUS_TITLES } from "../lib/words.ts";
import { useSettings } from "./preferences/settings.ts";

/** Notifies when a run ends while the window is in the background. The desktop host has its own notifications; this is for browsers. */
export const useNotifications = defineStore("notifications", () => {
  const wanted = useSettings().setting("notifications", z.boolean(), studio().host === "electron");
  const atWork = new Set<string>();

  /** Asks the browser for permission. Returns false if it is denied. */
  async function permit(): Promise<boolean> {
    if (!("Notification" in window)) return false;
    return Notification.permission === "granted" || (await Notification.requestPermission()) === "granted";
  }

  function hear(run: RunSummary): void {
    if (ACTIVE_STATUSES.includes(run.status)) {
      atWork.add(run.id);
      return;
    }
    const ended = atWork.delete(run.id);
    if (!ended || run.parentId !== null || !wanted.value || document.hasFocus() || !("Notification" in window) || Notification.permission !== "granted") return;
    const notification = new Notification(`${STATUS_TITLES[run.status]}: ${run.name}`, { body: run.failure?.message ?? "", tag: run.id });
    notification.addEventListener("click", () => {
      window.focus();
      location.hash = `#/runs/${encodeURIComponent(run.id)}`;
    });
  }

  function begin(): void {
    if (studio().host === "web") onEvent("run.changed", hear);
  }

  return { wanted, permit, begin };
});
