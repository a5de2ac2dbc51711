import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import path from "node:path";
import type { DoctorItem } from "../../src-shared/domain/records/system.ts";
import { lastLine, runCommand } from "../lib/commands.ts";
import { installation } from "../lib/places.ts";
import { installedLibraryProblem, installedTensorFlow } from "../tensorflow-install/tensorflow.ts";

const SETUP = "npm run setup";

/** Backend, device and their libraries. */
export async function examineCompute(): Promise<{ readonly items: readonly DoctorItem[]; readonly backend: string; readonly device: string }> {
  const area = "Compute";
  const items: DoctorItem[] = [];
  const [gpu, tensorflow] = await Promise.all([findGpu(), tryTensorFlow()]);
  const threads = process.env["TF_NUM_INTRAOP_THREADS"] ?? String(availableParallelism());
  const backend = "reason" in tensorflow ? "wasm" : tensorflow.version;
  const device = "reason" in tensorflow ? "CPU, 1 thread, WebAssembly" : tensorflow.device;
  if ("reason" in tensorflow) {
    const remedy = `${SETUP} installs TensorFlow or reports why it cannot. Until then, runs compute with wasm, which is several times slower.`;
    items.push({ area, name: "TensorFlow", value: "not usable", state: "missing", reason: tensorflow.reason, remedy });
  } else items.push({ area, name: "TensorFlow", value: tensorflow.version, state: "ok" });
  items.push({ area, name: "Backend", value: backend, state: "ok" }, { area, name: "Device", value: device, state: "ok" });
  items.push({ area, name: "Threads", value: threads, state: "ok" });
  items.push({
    area,
    name: "tfjs",
    value: installedVersion("@tensorflow/tfjs") ?? "not installed",
    state: installedVersion("@tensorflow/tfjs") === null ? "missing" : "ok",
  });
  const binding = installedVersion("@tensorflow/tfjs-node-gpu");
  items.push({
    area,
    name: "Binding",
    value: binding === null ? "not installed" : `tfjs-node-gpu ${binding}`,
    state: binding === null ? "missing" : "ok",
    ...(binding === null ? { reason: "TensorFlow is used through it.", remedy: "Run npm ci." } : {}),
  });
  const wasm = installedVersion("@tensorflow/tfjs-backend-wasm");
  items.push({
    area,
    name: "wasm",
    value: wasm ?? "not installed",
    state: wasm === null ? "missing" : "ok",
    ...(wasm === null ? { reason: "Runs use it where TensorFlow is not available.", remedy: "Run npm ci." } : {}),
  });
  if (gpu === null) items.push({ area, name: "GPU", value: "none (nvidia-smi not found)", state: "ok" });
  else if (device.startsWith("CUDA")) items.push({ area, name: "GPU", value: gpu, state: "ok" });
  else {
    const reason =
      installedTensorFlow()?.manifest.flavour === "cuda"
        ? "TensorFlow supports CUDA but cannot use the GPU: the driver is too old or a library is missing."
        : "The installed TensorFlow supports the CPU only.";
    items.push({ area, name: "GPU", value: gpu, state: "warning", reason, remedy: `Run ${SETUP} -- --force.` });
  }
  return { items, backend, device };
}

async function findGpu(): Promise<string | null> {
  const { code, output } = await runCommand("nvidia-smi", ["--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"], { timeoutMs: 20_000 });
  return code === 0 && output.trim() !== "" ? output.trim().split("\n").join("; ") : null;
}

interface TensorFlowFound {
  /** For example `TensorFlow 2.21.0`. */
  readonly version: string;
  readonly device: string;
}

/** Starts TensorFlow in a child process, because it never releases its memory. */
async function tryTensorFlow(): Promise<TensorFlowFound | { readonly reason: string }> {
  const problem = installedLibraryProblem();
  if (problem !== null) return { reason: problem };
  const linked = installedTensorFlow();
  if (linked === null) return { reason: "TensorFlow is not set up in this installation." };
  const script = path.join(installation, "src-main", "tensorflow-install", "try-tensorflow.ts");
  // The packaged application has no Node to run the check with; TensorFlow starts with the first run.
  if (process.versions["electron"] !== undefined || !existsSync(script))
    return {
      version: `TensorFlow ${linked.manifest.version}`,
      device: linked.manifest.flavour === "cuda" ? "CUDA GPU" : `CPU, ${availableParallelism()} threads`,
    };
  const { code, output } = await runCommand(process.execPath, [script], { timeoutMs: 120_000 });
  if (code !== 0) return { reason: `TensorFlow does not start: ${lastLine(output)}` };
  const answer = JSON.parse(lastLine(output)) as { readonly libraryVersion: string; readonly device: string };
  return { version: answer.libraryVersion, device: answer.device };
}

/** Version of an installed package; null if it is not installed. */
export function installedVersion(name: string): string | null {
  try {
    const require = createRequire(path.join(installation, "package.json"));
    for (const folder of require.resolve.paths(name) ?? []) {
      const file = path.join(folder, name, "package.json");
      if (existsSync(file)) return String((JSON.parse(readFileSync(file, "utf8")) as { version?: unknown }).version);
    }
  } catch {
    // Treated as missing.
  }
  return null;
}
