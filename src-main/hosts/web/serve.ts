/** `ghn-studio serve`: the window in a browser, until the process is terminated. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { codeIn, linkTo } from "../../../src-shared/web-session.ts";
import type { HostServices, StudioSession } from "../../api/services/session.ts";
import type { Studio } from "../../api/studio.ts";
import { entryPath } from "../../lib/entries.ts";
import type { Logger } from "../../lib/logger.ts";
import { onStopRequest, type StopSignal, stopStatus } from "../../lib/stop-signals.ts";
import { nodeLauncher } from "../../runs/child/launcher.ts";
import { buildStudio } from "../build-studio.ts";
import { studioLog } from "../studio-log.ts";
import { DownloadTickets } from "./download-tickets.ts";
import { openInBrowser } from "./open-in-browser.ts";
import { registerHost } from "./running-hosts.ts";
import { SignIns } from "./sign-in.ts";
import { startWebHost, type WebHost } from "./web-host.ts";

/** Used unless it is taken, so that bookmarks still work after a restart. */
const DEFAULT_PORT = 8420;

export interface ServeOptions {
  /** Project to open; the welcome page by default. */
  readonly project?: string | null | undefined;
  /** 0 picks a free one; {@link DEFAULT_PORT} by default, or a free one if that is taken. */
  readonly port?: number | undefined;
  /** Folders that the window may read and write; the home folder by default. */
  readonly roots?: readonly string[] | undefined;
  /** Opens the link in the user's browser. */
  readonly open?: boolean | undefined;
  /** Path under which a reverse proxy serves the page, with a slash at both ends. */
  readonly basePath?: string | undefined;
  /** Host names under which a reverse proxy serves the page. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Built page; searched for near the program by default. */
  readonly rendererFolder?: string | undefined;
}

export interface Served {
  /** One-time link, valid until the host closes. */
  readonly url: string;
  readonly host: WebHost;
  readonly studio: Studio;
  readonly session: StudioSession;
  /** Stops all runs with a checkpoint and releases everything. */
  close(): Promise<void>;
}

/** In a browser, the page itself shows folders and opens links. */
function webServices(tickets: DownloadTickets): HostServices {
  return {
    kind: "web",
    choose: async () => null,
    reveal: async () => false,
    openExternal: async () => false,
    download: (path) => tickets.offer(path),
  };
}

/**
 * Starts the web host with its own studio.
 * @throws UserError `port-taken`, `port-denied`, and those of opening a project
 */
export async function startServe(options: ServeOptions = {}): Promise<Served> {
  const signIns = new SignIns();
  const tickets = new DownloadTickets();
  const log = studioLog();
  const project = options.project === undefined || options.project === null || options.project === "" ? null : resolve(options.project);
  const given = (options.roots ?? []).map((root) => resolve(root));
  const roots = [...(given.length > 0 ? given : [homedir()]), ...(project === null ? [] : [project])];
  const studio = await buildStudio({
    launcher: nodeLauncher({ script: entryPath("run-worker") }),
    calibrationLauncher: nodeLauncher({ script: entryPath("calibration-worker") }),
    exportLauncher: nodeLauncher({ script: entryPath("export-worker") }),
    roots,
    secrets: signIns.secrets,
    log,
  });
  const session = studio.createSession(webServices(tickets));
  let cleanUp: (() => void)[] = [];
  const clean = (): void => {
    for (const step of cleanUp) step();
    cleanUp = [];
  };
  let started: WebHost | null = null;
  try {
    if (project !== null) await session.open(project);
    let redirect = (): void => undefined;
    const host = await startWebHost({
      session,
      rendererFolder: options.rendererFolder ?? builtPage(),
      port: options.port ?? DEFAULT_PORT,
      ifTaken: options.port === undefined ? "pick" : "fail",
      ...(options.basePath === undefined ? {} : { basePath: options.basePath }),
      allowedHosts: options.allowedHosts ?? [],
      signIns,
      tickets,
      signedIn: () => redirect(),
      log,
    });
    started = host;
    cleanUp.push(register(host, signIns, project, log));
    const url = host.link(Number.POSITIVE_INFINITY);
    if (options.open === true) {
      try {
        redirect = openInBrowser(host.link());
        cleanUp.push(redirect);
      } catch (error) {
        // As for the entry: the link is printed in any case.
        log.warning("The browser was not opened: the file for it could not be written.", String(error));
      }
    }
    return {
      url,
      host,
      studio,
      session,
      close: async () => {
        clean();
        // Pages receive events until the last run has stopped.
        await studio.close();
        await host.close();
      },
    };
  } catch (error) {
    clean();
    await studio.close();
    await started?.close();
    throw error;
  }
}

/** Lets `ghn-studio link` find the host. */
function register(host: WebHost, signIns: SignIns, project: string | null, log: Logger): () => void {
  const redeemed = signIns.redeem(signIns.newCode());
  if (!redeemed.ok) return () => undefined;
  try {
    return registerHost({ base: host.base, project, token: redeemed.token });
  } catch (error) {
    // A full or read-only disk must not prevent serving.
    log.warning("`ghn-studio link` will not find this host: its entry could not be written.", String(error));
    return () => undefined;
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
  const { host, url } = served;
  print(`Open GHN Studio in a browser: ${url}`);
  for (const name of options.allowedHosts ?? []) print(`Behind the proxy, probably: ${linkTo(`https://${name}${options.basePath ?? "/"}`, codeIn(url) ?? "")}`);
  print("This link works once. `ghn-studio link` prints another one, for a second browser or after a restart.");
  print(`From another machine, open a tunnel first: ssh -L ${host.port}:127.0.0.1:${host.port} <this machine>`);
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
