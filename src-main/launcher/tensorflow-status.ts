/** Sets TensorFlow up and reports the outcome on stderr. */
import { ensureTensorFlow, type SetupOptions, type TensorFlowMissing, type TensorFlowReady } from "../tensorflow-install/tensorflow.ts";

type Write = (text: string) => void;

const toStderr: Write = (text) => void process.stderr.write(text);

/** Reports the outcome of the set-up. Falling back to wasm is always reported, with every reason. */
export function reportTensorFlow(result: TensorFlowReady | TensorFlowMissing, write: Write = toStderr): void {
  if (result.state === "ready") {
    write(`TensorFlow ${result.version} (${result.flavour === "cuda" ? "CUDA" : "CPU"}) is ready in ${result.folder}.\n`);
    for (const reason of result.notes) write(`  ${reason}\n`);
    return;
  }
  write("TensorFlow could not be set up. Runs compute with wasm instead, which is several times slower.\n");
  for (const reason of result.reasons) write(`  ${reason}\n`);
  write("  `npm run setup` tries again; `npm run doctor` shows what is missing.\n");
}

/** Sets TensorFlow up unless that was done, or failed, recently. Reports only what is new. */
export async function ensureForComputing(options: SetupOptions = {}, write: Write = toStderr): Promise<TensorFlowReady | TensorFlowMissing> {
  const result = await ensureTensorFlow({ ...options, retryFailed: options.retryFailed ?? false, say: (text) => write(`${text}\n`) });
  if (result.state === "missing" || result.how !== "linked") reportTensorFlow(result, write);
  return result;
}
