import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { expect, test, vi } from "vitest";
import type { ElectronLike } from "../../../src-main/hosts/electron/electron-like.ts";
import { utilityLauncher } from "../../../src-main/hosts/electron/launcher.ts";
import type { ChildExit } from "../../../src-main/runs/child/launcher.ts";

class FakeChild extends EventEmitter {
  pid: number | undefined;
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly posted: unknown[] = [];
  kills = 0;
  postMessage(message: unknown): void {
    this.posted.push(message);
  }
  kill(): boolean {
    this.kills++;
    return true;
  }
  spawn(): void {
    this.pid = 4242;
    this.emit("spawn");
  }
}

function lab(platform: NodeJS.Platform = "linux"): {
  child: FakeChild;
  forked: unknown[];
  signals: unknown[][];
  handle: ReturnType<ReturnType<typeof utilityLauncher>["launch"]>;
  exits: ChildExit[];
  output: string[];
  gone: (reason: string) => void;
} {
  const app = new EventEmitter();
  const child = new FakeChild();
  const forked: unknown[] = [];
  const signals: unknown[][] = [];
  const electron = {
    app,
    utilityProcess: {
      fork: (...args: unknown[]) => {
        forked.push(...args);
        return child;
      },
    },
  } as unknown as ElectronLike;
  const handle = utilityLauncher(electron, { script: "/program/run-worker.js", platform, killProcess: (...signal) => void signals.push(signal) }).launch({
    CUDA_VISIBLE_DEVICES: "1",
    PATH: undefined,
  });
  const exits: ChildExit[] = [];
  const output: string[] = [];
  handle.onExit((exit) => exits.push(exit));
  handle.onOutput((text) => output.push(text));
  const options = forked[2] as { serviceName: string };
  return {
    child,
    forked,
    signals,
    handle,
    exits,
    output,
    gone: (reason) =>
      app.emit("child-process-gone", {}, { type: "Utility", reason, exitCode: 1, serviceName: "node.mojom.NodeService", name: options.serviceName }),
  };
}

test("passes the whole environment with additions and removals, pipes and messages", () => {
  const { forked, child, handle, output } = lab();
  const [script, , options] = forked as [string, unknown, { env: Record<string, string>; stdio: string[] }];
  expect(script).toBe("/program/run-worker.js");
  expect(options.env["CUDA_VISIBLE_DEVICES"]).toBe("1");
  expect(options.env).not.toHaveProperty("PATH");
  expect(options.env["HOME"]).toBe(process.env["HOME"]);
  expect(options.stdio).toEqual(["ignore", "pipe", "pipe"]);
  const heard: unknown[] = [];
  handle.onMessage((message) => heard.push(message));
  child.emit("message", { type: "ready" });
  handle.post({ type: "stop" });
  child.stderr.write("warning");
  expect(heard).toEqual([{ type: "ready" }]);
  expect(child.posted).toEqual([{ type: "stop" }]);
  expect(output).toEqual(["warning"]);
});

test("a kill before the process exists takes effect once it does; its exit code 0 does not count as success", async () => {
  const { child, handle, signals, exits } = lab();
  handle.kill();
  expect(signals).toEqual([]);
  child.spawn();
  expect(signals).toEqual([[4242, "SIGKILL"]]);
  child.emit("exit", 0);
  await vi.waitFor(() => expect(exits).toEqual([{ code: null, signal: "SIGKILL" }]), 3000);
  handle.post({ type: "stop" });
  expect(child.posted).toEqual([]);
});

test("on Windows Electron's own kill is used", () => {
  const { child, handle } = lab("win32");
  child.spawn();
  handle.kill();
  expect(child.kills).toBe(1);
});

test.each([
  ["crashed", 139, { code: 139, signal: "a crash (such as SIGSEGV)" }],
  ["killed", 9, { code: null, signal: "SIGKILL" }],
  ["oom", 1, { code: 1, signal: null }],
  ["abnormal-exit", 70, { code: 70, signal: null }],
])("the reason %s is told once, whichever event comes first", async (reason, code, expected) => {
  for (const order of ["reason first", "exit first"]) {
    const { child, exits, gone, output } = lab();
    child.spawn();
    if (order === "reason first") gone(reason);
    child.emit("exit", code);
    if (order === "exit first") gone(reason);
    await vi.waitFor(() => expect(exits).toEqual([expected]));
    if (reason === "oom") expect(output.join("")).toContain("out of memory");
  }
});

test("a normal exit needs no reason", async () => {
  const { child, exits } = lab();
  child.spawn();
  child.emit("exit", 0);
  await vi.waitFor(() => expect(exits).toEqual([{ code: 0, signal: null }]));
});
