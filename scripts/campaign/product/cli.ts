/** The command line as its users start it: a process of its own. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { installation } from "../../../src-main/lib/places.ts";
import { kill } from "./processes.ts";

const CLI = join(installation, "src-main", "cli.ts");

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly output: string;
}

export interface Started {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** What was printed so far. */
  output(): string;
  hasEnded(): boolean;
}

/** Starts a command. It gets SIGKILL after `limitMs`; its output says so then. */
export function start(args: readonly string[], cwd: string, limitMs = 600_000): Started {
  const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: "1", CI: "1", GHN_STUDIO_DATA: join(cwd, "user-data"), TF_CPP_MIN_LOG_LEVEL: "2" };
  for (const name of ["GHN_STUDIO_PROJECT", "FORCE_COLOR", "VITEST", "NODE_ENV"]) delete env[name];
  const child = spawn(process.execPath, [CLI, ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const { pid } = child;
  if (pid === undefined) throw new Error(`The command line could not be started: ${args.join(" ")}`);
  let output = "";
  let gone = false;
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output = (output + text).slice(-20_000)));
  const ended = new Promise<Ended>((resolve) => {
    const timer = setTimeout(() => {
      output += `\nStill running after ${limitMs} ms.`;
      kill(pid);
    }, limitMs);
    child.on("exit", () => {
      gone = true;
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, output });
    });
  });
  return { pid, ended, output: () => output, hasEnded: () => gone };
}

/** What is wrong with how a command ended: it crashed, hung or printed a stack. Null if nothing is. */
export function faultOfCommand({ code, signal, output }: Ended): string | null {
  const end = output.trim().slice(-600);
  if (output.includes("Still running after")) return `it did not end: ${end}`;
  if (signal !== null) return `it ended with ${signal}: ${end}`;
  if (code === null || code > 128) return `it ended with status ${String(code)}: ${end}`;
  if (/^\s+at .*\(?.*:\d+:\d+\)?$/m.test(output) || output.includes("Internal error")) return `it printed a stack: ${end}`;
  return null;
}
