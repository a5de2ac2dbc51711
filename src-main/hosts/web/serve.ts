/** `ghn-studio serve`: the window in a browser, until the process is terminated. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { HostServices, StudioSession } from "../../api/services/session.ts";
import type { Studio } from "../../api/studio.ts";
import { entryPath } from "../../lib/entries.ts";
import { onStopRequest, type StopSignal, stopStatus } from "../../lib/stop-signals.ts";
import { nodeLauncher } from "../../runs/child/launcher.ts";
import { buildStudio, studioLog } from "../build-studio.ts";
import { newToken } from "./access.ts";
import { startWebHost, type WebHost } from "./web-host.ts";

export interface ServeOptions {
  /** Project to open; the welcome page by default. */
  readonly project?: string | null | undefined;
  /** 0 or undefined picks a free one. */
  readonly port?: number | undefined;
  /** Folders that the window may read and write; the home folder by default. */
  readonly roots?: readonly string[] | undefined;
  /** Opens the link in the user's browser. */
  readonly open?: boolean | undefined;
  /** Built page; searched for near the program by default. */
  readonly rendererFolder?: string | undefined;
  readonly token?: string | undefined;
}

export interface Served {
  /** Link with the token. */
  readonly url: string;
  readonly host: WebHost;
  readonly studio: Studio;
  readonly session: StudioSession;
  /** Stops all runs with a checkpoint and releases everything. */
  close(): Promise<void>;
}

/** In a browser, the page itself shows folders and opens links. */
const WEB_SERVICES: HostServices = {
  kind: "web",
  anyPath: false,
  choose: async () => null,
  reveal: async () => false,
  openExternal: async () => false,
};

/**
 * Starts the web host with its own studio.
 * @throws UserError `port-taken`, `port-denied`, and those of opening a project
 */
export async function startServe(options: ServeOptions = {}): Promise<Served> {
  const token = options.token ?? newToken();
  const log = studioLog();
  const project = options.project === undefined || options.project === null || options.project === "" ? null : resolve(options.project);
  const given = (options.roots ?? []).map((root) => resolve(root));
  const roots = [...(given.length > 0 ? given : [homedir()]), ...(project === null ? [] : [project])];
  const studio = await buildStudio({
    launcher: nodeLauncher({ script: entryPath("run-worker") }),
    calibrationLauncher: nodeLauncher({ script: entryPath("calibration-worker") }),
    roots,
    secrets: [token],
    log,
  });
  const session = studio.createSession(WEB_SERVICES);
  try {
    if (project !== null) await session.open(project);
    const host = await startWebHost({ session, rendererFolder: options.rendererFolder ?? builtPage(), port: options.port ?? 0, token, log });
    if (options.open === true) openInBrowser(host.url);
    return {
      url: host.url,
      host,
      studio,
      session,
      close: async () => {
        // Pages receive events until the last run has stopped.
        await studio.close();
        await host.close();
      },
    };
  } catch (error) {
    await studio.close();
    throw error;
  }
}

export interface ServeCommand extends ServeOptions {
  readonly print: (line: string) => void;
}

/**
 * Serves until the process is asked to stop; runs then stop with a checkpoint. A second request exits immediately.
 * @returns the signal that stopped it
 */
export async function serve({ print, ...options }: ServeCommand): Promise<StopSignal> {
  let stop = (): void => undefined;
  const requests = onStopRequest(
    () => stop(),
    (signal) => process.exit(stopStatus(signal)),
  );
  const served = await startServe(options).catch((error: unknown) => {
    requests.release();
    throw error;
  });
  print(`GHN Studio is open at ${served.url}`);
  print(`From another machine, open a tunnel first: ssh -L ${served.host.port}:127.0.0.1:${served.host.port} <this machine>`);
  print("Press Ctrl-C to stop. Running runs stop with a checkpoint.");
  if (requests.signal === null)
    await new Promise<void>((resolveStop) => {
      stop = resolveStop;
    });
  const running = served.session.runningRuns();
  print(running.length === 0 ? "Stopping." : `Stopping ${running.join(", ")} with a checkpoint. Press Ctrl-C again to quit immediately.`);
  await served.close().catch((error: unknown) => print(`Stopping failed: ${error instanceof Error ? error.message : String(error)}`));
  requests.release();
  return requests.signal ?? "SIGINT";
}

/** The built page: `out/renderer`, near the sources or the built program. */
function builtPage(): string {
  let folder = import.meta.dirname;
  for (;;) {
    for (const candidate of [join(folder, "out", "renderer"), join(folder, "renderer")]) if (existsSync(join(candidate, "index.html"))) return candidate;
    const parent = dirname(folder);
    // Not built: the host shows a page that says so.
    if (parent === folder) return join(import.meta.dirname, "renderer");
    folder = parent;
  }
}

function openInBrowser(url: string): void {
  const command = process.platform === "darwin" ? "open" : process.platform === "win32" ? "explorer" : "xdg-open";
  const child = spawn(command, [url], { stdio: "ignore", detached: true });
  // No browser available: the link is printed anyway.
  child.on("error", () => undefined);
  child.unref();
}
