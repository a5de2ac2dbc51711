/** Calls and events between windows and their sessions, over four channels. Every sender is checked. */

import { IPC } from "../../../src-shared/ipc-channels.ts";
import type { GateAnswer } from "../../api/gate/dispatch.ts";
import type { StudioSession } from "../../api/services/session.ts";
import type { Logger } from "../../lib/logger.ts";
import { Outbox } from "../page/outbox.ts";
import type { Electron, ElectronLike } from "./electron-like.ts";
import { isOwnSender } from "./security.ts";

/** Unacknowledged events of a page before further ones are merged. */
const MAX_IN_FLIGHT = 32;
const MAX_SUBSCRIPTIONS = 2000;

interface Page {
  readonly session: StudioSession;
  readonly outbox: Outbox;
  wanted: ReadonlySet<string>;
  inFlight: number;
}

export interface WindowIpc {
  /** Connects the page of a window to its session until the page is destroyed. */
  attach(contents: Electron.WebContents, session: StudioSession): void;
}

/** Registers the channels, once per application. */
export function listenToWindows({ ipcMain }: Pick<ElectronLike, "ipcMain">, log: Logger, developmentUrl?: string): WindowIpc {
  const pages = new Map<number, Page>();

  const pageOf = (event: Pick<Electron.IpcMainEvent, "sender" | "senderFrame">): Page | null => {
    const page = isOwnSender(event, developmentUrl) ? pages.get(event.sender.id) : undefined;
    if (page === undefined) log.warning("A message from an unknown frame was refused.");
    return page ?? null;
  };

  ipcMain.handle(IPC.call, async (event, name: unknown, input: unknown): Promise<GateAnswer> => {
    const page = pageOf(event);
    if (page === null) return { ok: false, error: { code: "sender", message: "This page is not allowed to call GHN Studio." } };
    return page.session.call(name, input);
  });
  ipcMain.on(IPC.subscribe, (event, runIds: unknown) => {
    const page = pageOf(event);
    if (page === null || !Array.isArray(runIds)) return;
    page.wanted = new Set(runIds.slice(0, MAX_SUBSCRIPTIONS).filter((runId): runId is string => typeof runId === "string" && runId.length <= 64));
  });
  ipcMain.on(IPC.acknowledge, (event) => {
    const page = pageOf(event);
    if (page !== null) page.inFlight = Math.max(0, page.inFlight - 1);
  });

  return {
    attach(contents, session) {
      const page: Page = {
        session,
        wanted: new Set(),
        inFlight: 0,
        outbox: new Outbox({
          send: (event) => {
            if (contents.isDestroyed()) return;
            page.inFlight += 1;
            contents.send(IPC.event, event.name, event.payload);
          },
          congested: () => page.inFlight >= MAX_IN_FLIGHT,
        }),
      };
      pages.set(contents.id, page);
      const stopListening = session.listen({ deliver: (event) => page.outbox.push(event), wants: (runId) => page.wanted.has(runId) });
      // A reloaded page has neither acknowledged nor subscribed to anything.
      contents.on("did-start-navigation", (event) => {
        if (!event.isMainFrame || event.isSameDocument) return;
        page.inFlight = 0;
        page.wanted = new Set();
      });
      contents.once("destroyed", () => {
        stopListening();
        page.outbox.close();
        pages.delete(contents.id);
      });
    },
  };
}
