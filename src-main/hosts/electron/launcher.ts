/** Starts run workers as Electron utility processes. They are not sandboxed, so that drivers and TensorFlow can be loaded. */
import type { ChildExit, ChildHandle, ChildLauncher } from "../../runs/child/launcher.ts";
import type { Electron, ElectronLike } from "./electron-like.ts";

/** How long to wait for the reason of an exit, in ms. */
const REASON_MS = 1000;

export interface UtilityLauncherOptions {
  /** Built entry of the worker. */
  readonly script: string;
  /** Name in process lists; must differ between launchers. "run" by default. */
  readonly name?: string;
  readonly platform?: NodeJS.Platform;
  /** Sends a signal; `process.kill` by default. */
  readonly killProcess?: (pid: number, signal: NodeJS.Signals) => void;
}

type Reason = Electron.Details["reason"];

export function utilityLauncher({ app, utilityProcess }: Pick<ElectronLike, "app" | "utilityProcess">, options: UtilityLauncherOptions): ChildLauncher {
  const prefix = `ghn-${options.name ?? "run"}-`;
  const { platform = process.platform, killProcess = process.kill.bind(process) } = options;
  const reasons = new Map<string, Reason>();
  const waiting = new Map<string, () => void>();
  let serial = 0;
  app.on("child-process-gone", (_event, details) => {
    const { serviceName, name, reason } = details;
    const key = [serviceName, name].find((candidate) => candidate?.startsWith(prefix) === true);
    if (key === undefined) return;
    reasons.set(key, reason);
    waiting.get(key)?.();
  });

  return {
    launch(environment): ChildHandle {
      serial += 1;
      const serviceName = `${prefix}${serial}`;
      const child = utilityProcess.fork(options.script, [], {
        // Setting `env` replaces the whole environment.
        env: definedOnly({ ...process.env, ...environment }),
        stdio: ["ignore", "pipe", "pipe"],
        serviceName,
        ...(platform === "darwin" ? { allowLoadingUnsignedLibraries: true } : {}),
      });
      let spawned = false;
      let killed = false;
      let exit: { readonly code: number } | null = null;
      let tell: (exit: ChildExit) => void = () => undefined;
      let told = false;
      const outputs = new Set<(text: string) => void>();

      const kill = (): void => {
        killed = true;
        // Killing has no effect before the process was spawned.
        if (!spawned || exit !== null) return;
        const { pid } = child;
        if (pid !== undefined && platform !== "win32") {
          try {
            // Electron's own kill sends SIGTERM, which a process stuck in a driver ignores.
            killProcess(pid, "SIGKILL");
            return;
          } catch {
            // Already gone, or not ours to signal: use Electron's kill.
          }
        }
        child.kill();
      };
      const finish = (): void => {
        if (told || exit === null) return;
        told = true;
        waiting.delete(serviceName);
        const reason = reasons.get(serviceName);
        reasons.delete(serviceName);
        if (reason === "oom" || reason === "launch-failed" || reason === "integrity-failure") for (const listener of outputs) listener(WORDS[reason]);
        // A killed process exits with code 0, like one that succeeded.
        if (killed || reason === "killed") tell({ code: null, signal: "SIGKILL" });
        else if (reason === "crashed") tell({ code: exit.code, signal: "a crash (such as SIGSEGV)" });
        else tell({ code: exit.code, signal: null });
      };
      waiting.set(serviceName, finish);
      child.once("spawn", () => {
        spawned = true;
        if (killed) kill();
      });
      child.once("exit", (code) => {
        exit = { code };
        // The reason may arrive before or after the exit; a normal exit has none.
        if (reasons.has(serviceName)) finish();
        else setTimeout(finish, code === 0 && !killed ? 0 : REASON_MS).unref();
      });
      for (const stream of [child.stdout, child.stderr]) {
        stream?.setEncoding?.("utf8");
        stream?.on("data", (text: unknown) => {
          for (const listener of outputs) listener(String(text));
        });
      }
      return {
        get pid() {
          return child.pid ?? null;
        },
        post(message) {
          if (exit === null) child.postMessage(message);
        },
        onMessage(listener) {
          child.on("message", listener);
        },
        onOutput(listener) {
          outputs.add(listener);
        },
        onExit(listener) {
          tell = listener;
          if (exit !== null) finish();
        },
        kill,
      };
    },
  };
}

const WORDS: Readonly<Record<"oom" | "launch-failed" | "integrity-failure", string>> = {
  oom: "\nThe system ended the process: out of memory.\n",
  "launch-failed": "\nThe process could not be started.\n",
  "integrity-failure": "\nThe system refused a library of the process.\n",
};

function definedOnly(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
