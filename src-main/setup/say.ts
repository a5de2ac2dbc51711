import type { TensorFlowMissing, TensorFlowReady } from "./tensorflow.ts";

/** Says how the set-up ended, on stderr. Falling back to wasm is said aloud with every reason. */
export function sayTensorFlow(result: TensorFlowReady | TensorFlowMissing, write: (text: string) => void = (text) => void process.stderr.write(text)): void {
  if (result.state === "ready") {
    if (result.how !== "cache") write(`TensorFlow ${result.version} (${result.flavour === "cuda" ? "CUDA" : "CPU"}) is ready; kept in ${result.folder}.\n`);
    return;
  }
  write("TensorFlow cannot be set up here; the studio computes with wasm, which is about ten times slower.\n");
  for (const reason of result.reasons) write(`  ${reason}\n`);
}
