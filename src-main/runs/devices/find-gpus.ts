import { execFile } from "node:child_process";

/** Time limit of the driver's tool, in milliseconds. */
const TIMEOUT_MS = 5000;

/**
 * GPUs of this machine as CUDA_VISIBLE_DEVICES names them: those in the variable if it is set, otherwise all that
 * `nvidia-smi` lists. Empty without a GPU.
 */
export function findGpus(environment: NodeJS.ProcessEnv = process.env): Promise<string[]> {
  const visible = environment.CUDA_VISIBLE_DEVICES;
  if (visible !== undefined)
    return Promise.resolve(
      visible
        .split(",")
        .map((name) => name.trim())
        .filter((name) => name !== "" && name !== "-1"),
    );
  return new Promise((resolve) => {
    execFile("nvidia-smi", ["--query-gpu=index", "--format=csv,noheader"], { timeout: TIMEOUT_MS, windowsHide: true }, (error, output) => {
      resolve(
        error === null
          ? output
              .split("\n")
              .map((line) => line.trim())
              .filter((line) => /^\d+$/.test(line))
          : [],
      );
    });
  });
}
