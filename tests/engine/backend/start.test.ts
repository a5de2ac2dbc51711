import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import type { BackendChoice } from "../../../src-main/engine/backend/ops/types.ts";
import { cachesAreHidden } from "../../../src-main/engine/backend/tensorflow/cpu-caches.ts";
import { tensorflowMissing } from "./support/available.ts";

const file = (name: string): string => fileURLToPath(new URL(`./support/${name}`, import.meta.url));

async function start(choice: BackendChoice, withTensorFlow: boolean): Promise<unknown> {
  const preload = withTensorFlow ? [] : ["--import", file("no-tensorflow.ts")];
  const { stdout } = await promisify(execFile)(process.execPath, [...preload, file("start.ts"), JSON.stringify(choice)]);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

const missing = await tensorflowMissing();

describe("starting a backend", () => {
  it("falls back to wasm and states the reason", async () => {
    expect(await start({}, false)).toMatchObject({ name: "wasm", fallbackReason: "TensorFlow cannot be loaded: The library is not there.", same: true });
  });

  it("does not fall back if TensorFlow is required", async () => {
    expect(await start({ prefer: "tensorflow" }, false)).toMatchObject({
      error: { name: "UserError", code: "backend-unavailable", message: "TensorFlow cannot be loaded: The library is not there.", field: "compute.backend" },
      again: "wasm",
    });
  });

  it("starts wasm without a fallback reason if wasm is requested", async () => {
    const result = await start({ prefer: "wasm" }, true);
    expect(result).toMatchObject({ name: "wasm", device: "CPU, 1 thread, WebAssembly" });
    expect(result).not.toHaveProperty("fallbackReason");
  });

  it.skipIf(missing !== undefined)(`starts TensorFlow with the requested number of threads${missing === undefined ? "" : ` (${missing})`}`, async () => {
    const result = await start({ threads: 1 }, true);
    expect(result).toMatchObject({ name: expect.stringMatching(/^tensorflow-/), libraryVersion: expect.stringMatching(/^TensorFlow \d+\.\d+/) });
    if ((result as { name: string }).name === "tensorflow-cpu") expect(result).toMatchObject({ device: "CPU, 1 thread" });
  });

  it.skipIf(missing !== undefined)("computes filter gradients of many sizes without writing beyond its buffers", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [file("filter-gradients.ts")]);
    expect(stdout).toBe("done\n");
  });

  it("recognises a Linux machine that hides its caches", () => {
    expect(cachesAreHidden("linux", "x64", file("no-such-file"))).toBe(true);
    expect(cachesAreHidden("linux", "x64", file("start.ts"))).toBe(false);
    expect(cachesAreHidden("darwin", "arm64", file("no-such-file"))).toBe(false);
  });
});
