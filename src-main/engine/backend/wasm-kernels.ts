import type { KernelImplementations } from "./kernels.ts";

/** The engine's kernels on the wasm backend. */
export function wasmKernels(): KernelImplementations {
  throw new Error("The wasm kernels are not written yet.");
}
