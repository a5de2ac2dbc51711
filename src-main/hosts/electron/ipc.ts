/** Calls and events between windows and their sessions, over a few channels. Every sender is checked. */
import { isAbsolute } from "node:path";
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
  /** Settles when the paths that were dropped so far are allowed. */
  allowing: Promise<void>;
}

export interface WindowIpc {
  /** Connects the page of a window to its session until the page is destroyed. */
  attach(contents: Electron.WebContents, session: StudioSession): void;
}

export interface WindowIpcOptions {
  readonly log: Logger;
  /** Lets windows use a path that the user dropped. */
  readonly allowPath: (path: string) => Promise<void>;
  readonly developmentUrl?: string | undefined;
}

/** Registers the channels, once per application. */
export function listenToWindows({ ipcMain }: Pick<ElectronLike, "ipcMain">, { log, allowPath, developmentUrl }: WindowIpcOptions): WindowIpc {
  const pages = new Map<number, Page>();

  const pageOf = (event: Pick<Electron.IpcMainEvent, "sender" | "senderFrame">): Page | null => {
    const page = isOwnSender(event, developmentUrl) ? pages.get(event.sender.id) : undefined;
    if (page === undefined) log.warning("A message from an unknown frame was refused.");
    return page ?? null;
  };

  ipcMain.handle(IPC.call, async (event, name: unknown, input: unknown): Promise<GateAnswer> => {
    const page = pageOf(event);
    if (page === null) return { ok: false, error: { code: "sender", message: "This page is not allowed to call GHN Studio." } };
    // A call with a dropped path follows the drop immediately.
    await page.allowing;
    return page.session.call(name, input);
  });
  ipcMain.on(IPC.subscribe, (event, runIds: unknown) => {
    const page = pageOf(event);
    if (page === null || !Array.isArray(runIds)) return;
    page.wanted = new Set(runIds.slice(0, MAX_SUBSCRIPTIONS).filter((runId): runId is string => typeof runId === "string" && runId.length <= 64));
  });
  ipcMain.on(IPC.dropped, (event, path: unknown) => {
    const page = pageOf(event);
    if (page === null || typeof path !== "string" || !isAbsolute(path) || path.length > 4096) return;
    page.allowing = page.allowing.then(() => allowPath(path)).catch((error: unknown) => log.warning("A dropped path could not be allowed.", String(error)));
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
        allowing: Promise.resolve(),
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
