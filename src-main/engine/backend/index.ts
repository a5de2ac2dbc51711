/**
 * The tensor backend of this process: TensorFlow (CUDA or CPU), or wasm where TensorFlow is not available.
 *
 * A process has one backend, because TensorFlow reads its settings only while it loads. Call `initBackend` first, and use one process per run.
 */
import { availableParallelism } from "node:os";
import path from "node:path";
import { UserError } from "../../lib/errors.ts";
import { registerGradients, registerKernels } from "./ops/kernels.ts";
import { ops } from "./ops/ops.ts";
import { nodeRequire, tf } from "./ops/tf.ts";
import type { Backend, BackendChoice } from "./ops/types.ts";
import { FlatOptimizer } from "./optimizer/optimizer.ts";
import { SampledSgd } from "./optimizer/sampled-sgd.ts";
import { composedUpdateRules, type UpdateRules } from "./optimizer/update-rules.ts";
import { cachesAreHidden } from "./tensorflow/cpu-caches.ts";
import { NativeKernels } from "./tensorflow/native.ts";
import { nativeUpdateRules } from "./tensorflow/native-update-rules.ts";
import { tensorflowKernels } from "./tensorflow/tensorflow-kernels.ts";
import { wasmKernels } from "./wasm/wasm-kernels.ts";

export type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor4D, Variable } from "./ops/tf.ts";
export { tf } from "./ops/tf.ts";
export type * from "./ops/types.ts";

let started: Promise<Backend> | undefined;

/**
 * Loads and starts the backend of this process. Later calls return the same backend whatever their arguments; after a failure, the next call tries again.
 *
 * @throws UserError `backend-unavailable` if `prefer` is `tensorflow` and TensorFlow cannot be loaded, or if no backend can be loaded
 */
export function initBackend(choice: BackendChoice = {}): Promise<Backend> {
  started ??= start(choice).catch((error: unknown) => {
    started = undefined;
    throw error;
  });
  return started;
}

async function start(choice: BackendChoice): Promise<Backend> {
  const { prefer = "auto" } = choice;
  registerGradients();
  if (prefer === "wasm") return startWasm();
  try {
    return await startTensorFlow(choice);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (prefer === "tensorflow") {
      throw new UserError(`TensorFlow cannot be loaded: ${firstLine(reason)}`, {
        code: "backend-unavailable",
        remedy: "Set up TensorFlow with `npm run setup`, or set the backend to “auto” to fall back to wasm, which is slower.",
        field: "compute.backend",
        cause: error,
      });
    }
    return startWasm(`TensorFlow cannot be loaded: ${firstLine(reason)}`);
  }
}

async function startTensorFlow(choice: BackendChoice): Promise<Backend> {
  const { threads = 0, oneDnn = true, ownKernels = true, deterministic = false } = choice;
  // TensorFlow reads these while it loads. Values set by the user take precedence.
  const defaults: Record<string, string> = {
    TF_CPP_MIN_LOG_LEVEL: "2",
    TF_FORCE_GPU_ALLOW_GROWTH: "true",
    // oneDNN's kernels are called selectively instead: see `tensorflow-kernels.ts`.
    TF_ENABLE_ONEDNN_OPTS: "0",
    ...(cachesAreHidden() ? { ONEDNN_MAX_CPU_ISA: "AVX2" } : {}),
  };
  for (const [name, value] of Object.entries(defaults)) process.env[name] ??= value;
  if (threads > 0) Object.assign(process.env, { TF_NUM_INTRAOP_THREADS: String(threads), TF_NUM_INTEROP_THREADS: "1" });
  if (deterministic) process.env["TF_DETERMINISTIC_OPS"] = "1";

  const { loadNativeTensorFlow, loadOwnKernels } = await import("./tensorflow/load-native.ts");
  await loadNativeTensorFlow();
  if (!(await tf.setBackend("tensorflow"))) throw new Error("tfjs rejected the TensorFlow backend.");
  await tf.ready();
  const native = new NativeKernels();
  registerKernels("tensorflow", tensorflowKernels(native, { oneDnn, own: ownKernels && loadOwnKernels() }));
  const threadCount = Number(process.env["TF_NUM_INTRAOP_THREADS"]) || availableParallelism();
  const cpu = `CPU, ${threadCount} ${threadCount === 1 ? "thread" : "threads"}`;
  const visible = process.env["CUDA_VISIBLE_DEVICES"];
  return assemble({
    name: native.usesGpu ? "tensorflow-cuda" : "tensorflow-cpu",
    device: native.usesGpu ? `CUDA GPU ${visible === undefined || visible === "" ? "0" : visible}` : cpu,
    libraryVersion: `TensorFlow ${native.version}`,
    rules: nativeUpdateRules(native),
  });
}

async function startWasm(fallbackReason?: string): Promise<Backend> {
  try {
    const wasm = nodeRequire("@tensorflow/tfjs-backend-wasm") as WasmModule;
    wasm.setWasmPaths(`${path.dirname(nodeRequire.resolve("@tensorflow/tfjs-backend-wasm"))}${path.sep}`);
    if (!(await tf.setBackend("wasm"))) throw new Error("tfjs rejected the wasm backend.");
    await tf.ready();
    registerKernels("wasm", wasmKernels());
    return assemble({
      name: "wasm",
      device: "CPU, 1 thread, WebAssembly",
      libraryVersion: `tfjs-backend-wasm ${wasm.version_wasm}`,
      ...(fallbackReason === undefined ? {} : { fallbackReason }),
      rules: composedUpdateRules(),
    });
  } catch (error) {
    throw new UserError("No compute backend can be loaded.", {
      code: "backend-unavailable",
      remedy: "Reinstall the dependencies with `npm ci`; the package @tensorflow/tfjs-backend-wasm is required.",
      field: "compute.backend",
      cause: error,
    });
  }
}

interface WasmModule {
  setWasmPaths(prefix: string): void;
  readonly version_wasm: string;
}

function assemble({ rules, ...identity }: Omit<Backend, "ops" | "createAdam" | "createSgd"> & { readonly rules: UpdateRules }): Backend {
  const total = (variables: readonly { readonly variable: { readonly size: number } }[]): number =>
    variables.reduce((sum, { variable }) => sum + variable.size, 0);
  return {
    ...identity,
    ops,
    createAdam: (variables, options = {}) => new FlatOptimizer(variables, rules.adam(total(variables), options), rules, options.clipNorm),
    createSgd: (variables, options = {}) =>
      options.sampled === true
        ? new SampledSgd(variables, options, rules)
        : new FlatOptimizer(variables, rules.sgd(total(variables), options), rules, options.clipNorm),
  };
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text;
}
