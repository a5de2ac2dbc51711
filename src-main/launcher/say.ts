/** The set-up in sentences, on stderr. */
import { ensureTensorFlow, type SetupOptions, type TensorFlowMissing, type TensorFlowReady } from "../tensorflow-install/tensorflow.ts";

type Write = (text: string) => void;

const toStderr: Write = (text) => void process.stderr.write(text);

/** Says how the set-up ended. Falling back to wasm is said aloud with every reason. */
export function sayTensorFlow(result: TensorFlowReady | TensorFlowMissing, write: Write = toStderr): void {
  if (result.state === "ready") {
    write(`TensorFlow ${result.version} (${result.flavour === "cuda" ? "CUDA" : "CPU"}) is ready; it lies in ${result.folder}.\n`);
    for (const reason of result.notes) write(`  ${reason}\n`);
    return;
  }
  write("TensorFlow cannot be set up here; the studio computes with wasm, which is several times slower.\n");
  for (const reason of result.reasons) write(`  ${reason}\n`);
  write("  `npm run setup` tries again; `npm run doctor` shows what is missing.\n");
}

/** Sets TensorFlow up if that was not done or tried before, and speaks only when there is something to say. */
export async function ensureForComputing(options: SetupOptions = {}, write: Write = toStderr): Promise<TensorFlowReady | TensorFlowMissing> {
  const result = await ensureTensorFlow({ ...options, patience: options.patience ?? "remember", say: (text) => write(`${text}\n`) });
  if (result.state === "missing" || result.how !== "linked") sayTensorFlow(result, write);
  return result;
}
