/** Runs the command line as users do, in a separate process. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

export const CLI = join(import.meta.dirname, "..", "..", "..", "src-main", "cli.ts");
export const LAUNCHER = join(import.meta.dirname, "..", "..", "..", "src-main", "launcher", "launch.mjs");

export interface CliResult {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** In a separate process group, as a terminal starts each command. */
  readonly ownGroup?: boolean;
  /** Through the launcher, as users start it. */
  readonly launcher?: boolean;
  /** Where stdout goes: a pipe that is read, or a file descriptor. */
  readonly stdout?: number;
}

export interface CliProcess {
  readonly child: ChildProcess;
  /** Like Ctrl-C: every process of the command gets the signal. Requires `ownGroup`. */
  interrupt(signal?: NodeJS.Signals): void;
  readonly result: Promise<CliResult>;
  /** The output so far, both streams together. */
  output(): string;
  /** Resolves once the output holds this; rejects when the process ends before. */
  printed(expected: string | RegExp): Promise<void>;
}

export function startCli(args: readonly string[], options: CliOptions): CliProcess {
  const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: "1", GHN_STUDIO_DATA: join(options.cwd, "user-data"), ...options.env };
  // The environment of the tests must not have an effect.
  for (const name of ["GHN_STUDIO_PROJECT", "FORCE_COLOR", "VITEST", "NODE_ENV"]) if (options.env?.[name] === undefined) delete env[name];
  const program = options.launcher === true ? [LAUNCHER, CLI] : [CLI];
  const child = spawn(process.execPath, [...program, ...args], {
    cwd: options.cwd,
    env,
    stdio: ["ignore", options.stdout ?? "pipe", "pipe"],
    detached: options.ownGroup === true,
  });
  let stdout = "";
  let stderr = "";
  const waiting = new Set<() => void>();
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    for (const check of waiting) check();
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    for (const check of waiting) check();
  });
  const result = new Promise<CliResult>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  const holds = (expected: string | RegExp): boolean =>
    typeof expected === "string" ? `${stdout}${stderr}`.includes(expected) : expected.test(`${stdout}${stderr}`);
  return {
    child,
    interrupt: (signal = "SIGINT") => {
      if (child.pid === undefined || options.ownGroup !== true) throw new Error("The command has no process group of its own.");
      process.kill(-child.pid, signal);
    },
    result,
    output: () => `${stdout}${stderr}`,
    printed: (expected) =>
      new Promise<void>((resolve, reject) => {
        const check = (): void => {
          if (!holds(expected)) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
        void result.then(() =>
          holds(expected) ? undefined : reject(new Error(`The command ended without printing ${String(expected)}:\n${stdout}${stderr}`)),
        );
      }),
  };
}

export function cli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return startCli(args, options).result;
}
