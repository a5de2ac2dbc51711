import type { RunConfig } from "../../../src-shared/domain/config/run-config.ts";

/** Assigns GPUs to running runs. Runs share a GPU only when there are more runs than GPUs. */
export class GpuAssignment {
  private readonly gpus: readonly string[];
  private readonly used = new Map<string, string>();

  /** @param gpus CUDA indices or names of the GPUs to use; if empty, runs use the device that TensorFlow finds */
  constructor(gpus: readonly string[]) {
    this.gpus = gpus;
  }

  get count(): number {
    return this.gpus.length;
  }

  /** Environment variables that select the device of a run: the one in its config, otherwise the least used. */
  assign(runId: string, config: RunConfig): Readonly<Record<string, string | undefined>> {
    if (config.compute.backend === "wasm") return { CUDA_VISIBLE_DEVICES: "" };
    const load = (gpu: string): number => [...this.used.values()].filter((other) => other === gpu).length;
    const wanted = config.compute.gpu?.trim();
    const gpu = wanted !== undefined && wanted !== "" ? wanted : [...this.gpus].sort((a, b) => load(a) - load(b))[0];
    if (gpu === undefined) return {};
    this.used.set(runId, gpu);
    return { CUDA_VISIBLE_DEVICES: gpu };
  }

  release(runId: string): void {
    this.used.delete(runId);
  }
}
