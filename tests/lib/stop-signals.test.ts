import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { SAME_REQUEST_MS, stopStatus } from "../../src-main/lib/stop-signals.ts";

const MODULE = join(import.meta.dirname, "..", "..", "src-main", "lib", "stop-signals.ts");
const SCRIPT = `
  import { ignoreDebuggerSignal, onStopRequest } from ${JSON.stringify(MODULE)};
  ignoreDebuggerSignal();
  onStopRequest((signal) => console.log("first " + signal), (signal) => { console.log("again " + signal); process.exit(7); });
  process.on("SIGUSR2", () => console.log("alive"));
  setInterval(() => undefined, 1000);
  console.log("ready");
`;

let child: ChildProcess | null = null;
afterEach(() => void child?.kill("SIGKILL"));

interface Program {
  send(signal: NodeJS.Signals): void;
  printed(text: string): Promise<void>;
  output(): string;
  readonly code: Promise<number | null>;
}

function start(): Program {
  const own = spawn(process.execPath, ["--input-type=module", "-e", SCRIPT], { stdio: ["ignore", "pipe", "pipe"] });
  child = own;
  let output = "";
  for (const stream of [own.stdout, own.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  return {
    send: (signal) => void own.kill(signal),
    printed: (text) => expect.poll(() => output, { timeout: 20_000, interval: 20 }).toContain(text),
    output: () => output,
    code: new Promise((resolve) => own.on("close", resolve)),
  };
}

describe.skipIf(process.platform === "win32")("requests to stop", () => {
  it("count once within two seconds, whatever the signal and however often; a later one is a second request", async () => {
    const program = start();
    await program.printed("ready");
    program.send("SIGTERM");
    await program.printed("first SIGTERM");
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGINT"] as const) program.send(signal);
    program.send("SIGUSR2");
    await program.printed("alive");
    expect(program.output()).not.toContain("again");
    expect(program.output().match(/first/g)).toHaveLength(1);
    await sleep(SAME_REQUEST_MS + 100);
    program.send("SIGINT");
    expect(await program.code).toBe(7);
    expect(program.output()).toContain("again SIGINT");
  }, 30_000);

  it("SIGUSR1 opens no debugger port", async () => {
    const program = start();
    await program.printed("ready");
    program.send("SIGUSR1");
    program.send("SIGUSR2");
    await program.printed("alive");
    expect(program.output()).not.toContain("Debugger");
  }, 30_000);

  it("have the exit status that shells report", () => {
    expect([stopStatus("SIGINT"), stopStatus("SIGTERM"), stopStatus("SIGHUP")]).toEqual([130, 143, 129]);
  });
});
