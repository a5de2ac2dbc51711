import { beforeAll, describe, expect, it } from "vitest";
import { initBackend, tf } from "../../../src-main/engine/backend/index.ts";
import type { KernelImplementations } from "../../../src-main/engine/backend/ops/kernels.ts";
import { wasmKernels } from "../../../src-main/engine/backend/wasm/wasm-kernels.ts";
import { describeKernels, KERNEL_NAMES } from "./kernels/run-checks.ts";

describe("kernels on wasm", () => {
  let kernels: KernelImplementations;

  beforeAll(async () => {
    await initBackend({ prefer: "wasm" });
    kernels = wasmKernels();
  });

  describeKernels(() => kernels);

  it("are exactly those that are registered", () => {
    const registered = tf
      .getKernelsForBackend("wasm")
      .flatMap(({ kernelName }) => (kernelName.startsWith("Engine.") ? [kernelName.slice("Engine.".length)] : []));
    expect(registered.sort()).toEqual([...KERNEL_NAMES].sort());
  });
});
