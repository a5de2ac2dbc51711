import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import path from "node:path";
import type { DoctorItem } from "../../src-shared/domain/records/system.ts";
import { lastLine, runCommand } from "../lib/commands.ts";
import { installation } from "../lib/places.ts";
import { installedTensorFlow } from "../tensorflow-install/tensorflow.ts";

const SETUP = "npm run setup";

/** Backend, device and the libraries behind them. */
export async function examineCompute(): Promise<{ readonly items: readonly DoctorItem[]; readonly backend: string; readonly device: string }> {
  const area = "Compute";
  const items: DoctorItem[] = [];
  const [gpu, tensorflow] = await Promise.all([findGpu(), tryTensorFlow()]);
  const threads = process.env["TF_NUM_INTRAOP_THREADS"] ?? String(availableParallelism());
  const backend = "reason" in tensorflow ? "wasm" : tensorflow.version;
  const device = "reason" in tensorflow ? "CPU, 1 thread, WebAssembly" : tensorflow.device;
  if ("reason" in tensorflow) {
    const remedy = `${SETUP} sets TensorFlow up and says what stands in its way; until then runs compute with wasm, several times slower.`;
    items.push({ area, name: "TensorFlow", value: "cannot be used", state: "missing", reason: tensorflow.reason, remedy });
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
    ...(binding === null ? { remedy: "npm ci" } : {}),
  });
  const wasm = installedVersion("@tensorflow/tfjs-backend-wasm");
  items.push({
    area,
    name: "wasm",
    value: wasm ?? "not installed",
    state: wasm === null ? "missing" : "ok",
    ...(wasm === null ? { reason: "It is what remains where TensorFlow cannot be had.", remedy: "npm ci" } : {}),
  });
  if (gpu === null) items.push({ area, name: "GPU", value: "none (nvidia-smi does not answer)", state: "ok" });
  else if (device.startsWith("CUDA")) items.push({ area, name: "GPU", value: gpu, state: "ok" });
  else {
    const reason =
      installedTensorFlow()?.manifest.flavour === "cuda"
        ? "TensorFlow was built for CUDA but does not reach the GPU: driver too old, or a library is missing."
        : "The TensorFlow that is set up here computes on the CPU only.";
    items.push({ area, name: "GPU", value: gpu, state: "warning", reason, remedy: `${SETUP} -- --force` });
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

/** Starts TensorFlow in a child, because it never gives its memory back. */
async function tryTensorFlow(): Promise<TensorFlowFound | { readonly reason: string }> {
  const linked = installedTensorFlow();
  if (linked === null) return { reason: "It is not set up in this installation." };
  const script = path.join(installation, "src-main", "tensorflow-install", "try-tensorflow.ts");
  // A packaged application has no Node to start it with, and starts it with the first run.
  if (process.versions["electron"] !== undefined || !existsSync(script))
    return {
      version: `TensorFlow ${linked.manifest.version}`,
      device: linked.manifest.flavour === "cuda" ? "CUDA GPU" : `CPU, ${availableParallelism()} threads`,
    };
  const { code, output } = await runCommand(process.execPath, [script], { timeoutMs: 120_000 });
  if (code !== 0) return { reason: `It does not start: ${lastLine(output)}` };
  const answer = JSON.parse(lastLine(output)) as { readonly libraryVersion: string; readonly device: string };
  return { version: answer.libraryVersion, device: answer.device };
}

/** Version of an installed package; null when it is not there. */
export function installedVersion(name: string): string | null {
  try {
    const require = createRequire(path.join(installation, "package.json"));
    for (const folder of require.resolve.paths(name) ?? []) {
      const file = path.join(folder, name, "package.json");
      if (existsSync(file)) return String((JSON.parse(readFileSync(file, "utf8")) as { version?: unknown }).version);
    }
  } catch {
    // Unreadable is as good as missing.
  }
  return null;
}
