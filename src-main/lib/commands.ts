import { spawn } from "node:child_process";

export interface CommandResult {
  /** 0 is success; null when the program could not be started or was killed. */
  readonly code: number | null;
  /** Both streams, in the order in which they came; the last 100,000 characters. */
  readonly output: string;
}

/** Runs a program to its end without a shell and gathers what it prints. Never throws: a program that is not there has code null. */
export function runCommand(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly timeoutMs?: number } = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    let output = "";
    const child = spawn(program, [...args], {
      stdio: ["ignore", "pipe", "pipe"],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: options.env ?? process.env,
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs, killSignal: "SIGKILL" as const }),
    });
    const gather = (chunk: Buffer): void => {
      output = (output + chunk.toString("utf8")).slice(-100_000);
    };
    child.stdout.on("data", gather);
    child.stderr.on("data", gather);
    child.on("error", (error) => resolve({ code: null, output: error.message }));
    child.on("close", (code) => resolve({ code, output }));
  });
}

/** The last line that says something. */
export function lastLine(output: string): string {
  return output.trimEnd().split("\n").at(-1)?.trim() ?? "";
}
