import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ToWorker } from "../../../src-shared/worker-protocol.ts";

/** How a child process ended. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A child process as the supervisor sees it, started by Node or by Electron. */
export interface ChildHandle {
  readonly pid: number | null;
  post(message: ToWorker): void;
  /** Receives every message, unvalidated. */
  onMessage(listener: (message: unknown) => void): void;
  /** Receives the output of the process on both streams. */
  onOutput(listener: (text: string) => void): void;
  /** Called once, after the last message and the last output were received. */
  onExit(listener: (exit: ChildExit) => void): void;
  /** Kills the process. */
  kill(): void;
}

export interface ChildLauncher {
  /** Starts a run worker. `environment` is added to that of this process; undefined removes a variable. */
  launch(environment: Readonly<Record<string, string | undefined>>): ChildHandle;
}

export interface NodeLauncherOptions {
  /** Entry of the worker; the source of the run worker by default. */
  readonly script?: string;
  /** Node executable; the one that runs this process by default. */
  readonly execPath?: string;
  readonly execArgv?: readonly string[];
}

/** How long to wait for the remaining output of a process after its exit, in milliseconds. */
const LAST_OUTPUT_MS = 2000;

/**
 * Makes a child ignore the signals that a terminal, a batch system or `timeout` sends to the whole process group: the supervisor decides what they
 * mean for a run. Preloaded, so that it works before the program itself is loaded; SIGUSR1 would open a debugger port.
 */
const IGNORE_SIGNALS = `data:text/javascript,for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"]) process.on(signal, () => undefined);`;

/** Starts run workers with `child_process.fork`. */
export function nodeLauncher(options: NodeLauncherOptions = {}): ChildLauncher {
  const script = options.script ?? fileURLToPath(new URL("../../workers/run-worker.ts", import.meta.url));
  return {
    launch(environment) {
      const child = fork(script, [], {
        env: { ...process.env, ...environment },
        execArgv: [...(process.platform === "win32" ? [] : ["--import", IGNORE_SIGNALS]), ...(options.execArgv ?? [])],
        ...(options.execPath === undefined ? {} : { execPath: options.execPath }),
        stdio: ["ignore", "pipe", "pipe", "ipc"],
        serialization: "json",
      });
      // Sending to a child that is gone emits an error; its exit is reported separately.
      child.on("error", () => undefined);
      return {
        pid: child.pid ?? null,
        post(message) {
          if (child.connected) child.send(message, () => undefined);
        },
        onMessage(listener) {
          child.on("message", listener);
        },
        onOutput(listener) {
          for (const stream of [child.stdout, child.stderr]) {
            stream?.setEncoding("utf8");
            stream?.on("data", listener);
          }
        },
        onExit(listener) {
          let exit: ChildExit | null = child.pid === undefined ? { code: null, signal: "could not be started" } : null;
          let closed = false;
          let told = false;
          const tell = (): void => {
            if (told || exit === null) return;
            told = true;
            listener(exit);
          };
          const settle = (): void => {
            if (exit !== null && closed && !child.connected) tell();
          };
          child.on("disconnect", settle);
          child.on("close", () => {
            closed = true;
            settle();
          });
          child.on("exit", (code, signal) => {
            exit = { code, signal };
            setTimeout(tell, LAST_OUTPUT_MS).unref();
            settle();
          });
          if (exit !== null) queueMicrotask(tell);
        },
        kill() {
          child.kill("SIGKILL");
        },
      };
    },
  };
}
