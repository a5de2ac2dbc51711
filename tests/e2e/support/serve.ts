/** A real web host in a separate process with temporary folders. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../../..");

export interface ServedStudio {
  /** The printed link, which works once. */
  readonly url: string;
  /** Another one-time link, from `ghn-studio link`. */
  link(): string;
  /** Folder that the host may read and write. */
  readonly root: string;
  /** Process ids of the running runs. */
  workers(): number[];
  stop(): Promise<void>;
}

/** Builds the page if a source is newer. */
export function buildPage(): void {
  const built = join(ROOT, "out/renderer/index.html");
  const sources = ["src-renderer", "src-shared"].map((folder) => newest(join(ROOT, folder)));
  if (existsSync(built) && statSync(built).mtimeMs > Math.max(...sources)) return;
  execFileSync(process.execPath, [join(ROOT, "node_modules/vite/bin/vite.js"), "build", "--config", "vite.renderer.config.ts", "--logLevel", "warn"], {
    cwd: ROOT,
    stdio: "inherit",
  });
}

export async function serveStudio(): Promise<ServedStudio> {
  const root = mkdtempSync(join(tmpdir(), "ghn-studio-e2e-"));
  const env = { ...process.env, GHN_STUDIO_DATA: join(root, "settings"), TF_CPP_MIN_LOG_LEVEL: "2" };
  const child = spawn(process.execPath, [join(ROOT, "src-main/cli.ts"), "serve", "--root", root], { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
  const url = await firstLink(child);
  return {
    url,
    link: () => execFileSync(process.execPath, [join(ROOT, "src-main/cli.ts"), "link"], { cwd: ROOT, env, encoding: "utf8" }).trim(),
    root,
    workers: () => childrenOf(child.pid ?? -1).filter((pid) => commandOf(pid).includes("run-worker")),
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, "exit");
        child.kill("SIGTERM");
        const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
        await ended;
        clearTimeout(timer);
      }
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function firstLink(child: ChildProcess): Promise<string> {
  return new Promise((found, failed) => {
    let text = "";
    const read = (chunk: Buffer): void => {
      text += chunk.toString("utf8");
      const link = /http:\/\/127\.0\.0\.1:\d+\/\S*#code=\S+/.exec(text)?.[0];
      if (link !== undefined) found(link);
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("exit", (code) => failed(new Error(`The web host ended with ${String(code)} before it gave its link:\n${text}`)));
  });
}

function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => parentOf(candidate) === pid);
}

function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return -1;
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

function newest(folder: string): number {
  return Math.max(
    0,
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  );
}
