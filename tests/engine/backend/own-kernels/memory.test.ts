import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { findCompiler } from "../../../../src-main/tensorflow-install/entries/build-binding.ts";

const run = promisify(execFile);
const folder = mkdtempSync(path.join(tmpdir(), "ghn-own-kernels-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Compiles a program with sanitizers. Returns why that is not possible here. */
async function compile(name: string, standard: string): Promise<string | undefined> {
  if (process.platform !== "linux") return "Linux only";
  const sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"];
  const source = path.join(import.meta.dirname, `${name}.cc`);
  try {
    await run(await findCompiler(), ["-g", `-std=${standard}`, "-w", "-pthread", ...sanitizers, source, "-o", path.join(folder, name)]);
    return undefined;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    // An error in the sources is a failure of this test; a missing compiler or sanitizer is not.
    if (/\.(?:cc|h|inc):\d+/.test(text)) throw error;
    return text.split("\n").find((line) => line.includes("error") || line.includes("cannot find")) ?? text;
  }
}

// Channel counts around one, two and four vectors. docs/performance.md has the command for all shapes.
const CHANNELS = "33";

describe("own kernels stay inside their buffers", () => {
  it("for TensorFlow, and match the references with every instruction set", { timeout: 900_000 }, async ({ skip }) => {
    const missing = await compile("memory", "c++17");
    if (missing !== undefined) skip(`the kernels cannot be compiled with sanitizers: ${missing}`);
    const env = { ...process.env, TF_NUM_INTRAOP_THREADS: "3" };
    const { stdout } = await run(path.join(folder, "memory"), [CHANNELS, "portable", "avx2", "avx512"], { env });
    expect(stdout).toMatch(/^[1-9]\d* calls, 0 failures: portable/);
  });

  it("for wasm, compiled as native code", { timeout: 300_000 }, async ({ skip }) => {
    const missing = await compile("simd-memory", "c++20");
    if (missing !== undefined) skip(`the kernels cannot be compiled with sanitizers: ${missing}`);
    const { stdout } = await run(path.join(folder, "simd-memory"), [CHANNELS]);
    expect(stdout).toMatch(/^[1-9]\d* calls, 0 failures/);
  });
});
