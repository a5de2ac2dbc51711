/**
 * Finds or fetches TensorFlow's native library and a binding for it. In this order: what is in the user's cache; the current wheel through pip (with CUDA where
 * nvidia-smi answers); the binding's own download. The cache is shared by all installations of the user, which only link to it. An entry is made in a folder of its
 * own, tried, and then renamed: it is there as a whole or not at all.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { runCommand } from "../lib/commands.ts";
import { bindingPackage, cacheFolder } from "../lib/places.ts";
import { type Entry, entryName, type Flavour, findEntry, serves, type Wanted, writeManifest } from "./entries/entry.ts";
import { forgetFailure, recentFailure, rememberFailure } from "./entries/failure.ts";
import { fromPrebuilt } from "./entries/from-prebuilt.ts";
import { fromWheel } from "./entries/from-wheel.ts";
import { linkedEntry, linkPackage } from "./entries/links.ts";
import { ensureOwnKernels } from "./entries/own-kernels.ts";
import { tryBinding } from "./entries/try.ts";
import type { WayOptions } from "./entries/ways.ts";
import { withLock } from "./lock.ts";

export interface TensorFlowReady {
  readonly state: "ready";
  readonly version: string;
  readonly flavour: Flavour;
  /** Folder in the cache. */
  readonly folder: string;
  /** What had to be done: nothing, linking, or making it. */
  readonly how: "linked" | "cache" | "pip" | "prebuilt";
  /** Why it is not what was wanted, one sentence each; mostly empty. */
  readonly notes: readonly string[];
}

export interface TensorFlowMissing {
  readonly state: "missing";
  /** One sentence for each way that was tried. */
  readonly reasons: readonly string[];
}

export interface SetupOptions {
  /** Folder of the user's cache. */
  readonly cache?: string;
  /** Folder of the npm package that is linked. */
  readonly packageFolder?: string;
  /** Makes it anew even if the cache has it. */
  readonly force?: boolean;
  /** TensorFlow version; the newest unless given. `$GHN_STUDIO_TF_VERSION` by default. */
  readonly version?: string;
  /** `cuda` where nvidia-smi answers, by default. */
  readonly flavour?: Flavour;
  /** `remember` does not try again for an hour what has failed. */
  readonly patience?: "try" | "remember";
  /** Told in sentences what takes time. */
  readonly say?: (text: string) => void;
  /** Whether the engine's own kernels are compiled; true by default. */
  readonly ownKernels?: boolean;
  /** The ways to a library; for tests. */
  readonly ways?: Readonly<Record<"pip" | "prebuilt", (work: string, options: WayOptions) => Promise<Entry["manifest"]>>>;
}

const WAYS = { pip: fromWheel, prebuilt: fromPrebuilt } as const;
const WAY_NAMES = { pip: "Through pip", prebuilt: "The binding's own download" } as const;

/** Makes TensorFlow usable in this installation. Never throws for a way that fails: the last resort is wasm, and the reasons come back. */
export async function ensureTensorFlow(options: SetupOptions = {}): Promise<TensorFlowReady | TensorFlowMissing> {
  const result = await ensureLibrary(options);
  if (result.state === "missing" || result.flavour === "cuda" || options.ownKernels === false) return result;
  const missing = await ensureOwnKernels(result.folder, options.force === true);
  return missing === null ? result : { ...result, notes: [...result.notes, missing] };
}

async function ensureLibrary(options: SetupOptions): Promise<TensorFlowReady | TensorFlowMissing> {
  const { packageFolder = installedPackage(), force = false, say = () => undefined } = options;
  if (packageFolder === null) return { state: "missing", reasons: ["The package @tensorflow/tfjs-node-gpu is not installed; npm ci brings it."] };
  const version = options.version ?? (process.env["GHN_STUDIO_TF_VERSION"] || undefined);
  const binding = bindingVersion(packageFolder);
  const linked = linkedEntry(packageFolder);
  // The quick way, without a lock and, unless somebody asked, without looking for a GPU: what is linked already.
  const flavour = options.flavour ?? (options.patience === "remember" && linked !== null ? linked.manifest.flavour : await flavourOfMachine());
  const wanted: Wanted = { binding, version, flavour };
  if (!force && linked !== null && serves(linked, wanted)) return ready(linked, "linked");
  const root = path.join(options.cache ?? cacheFolder(), "tensorflow");
  try {
    mkdirSync(root, { recursive: true });
    return await withLock(
      path.join(root, "lock.sqlite"),
      () => ensureLocked(root, { packageFolder, wanted, say }, options),
      () => say("Another set-up is at work; waiting for it."),
    );
  } catch (error) {
    return { state: "missing", reasons: [`The cache ${root} cannot be used: ${error instanceof Error ? error.message : String(error)}`] };
  }
}

async function ensureLocked(
  root: string,
  way: WayOptions,
  { force = false, patience = "try", ways = WAYS }: SetupOptions,
): Promise<TensorFlowReady | TensorFlowMissing> {
  removeLeftovers(root);
  const { wanted, packageFolder } = way;
  const cached = force ? null : findEntry(root, wanted);
  if (cached !== null) return linkTo(packageFolder, cached, "cache");
  const failure = patience === "remember" && !force ? recentFailure(root, wanted) : null;
  if (failure !== null) return fallBack(root, way, failure);
  const reasons: string[] = [];
  for (const how of ["pip", "prebuilt"] as const) {
    try {
      const entry = await make(root, way, ways[how]);
      forgetFailure(root);
      return linkTo(packageFolder, entry, how);
    } catch (error) {
      reasons.push(`${WAY_NAMES[how]}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  // Without CUDA it still computes, and faster than wasm.
  if (wanted.flavour === "cuda") {
    const onCpu = await ensureLocked(root, { ...way, wanted: { ...wanted, flavour: "cpu" } }, { force, patience, ways });
    return onCpu.state === "ready"
      ? { ...onCpu, notes: [...reasons.map((reason) => `No CUDA. ${reason}`), ...onCpu.notes] }
      : { state: "missing", reasons: [...reasons, ...onCpu.reasons] };
  }
  rememberFailure(root, wanted, reasons);
  return fallBack(root, way, reasons);
}

/** Makes one entry: in a folder of its own, tried, renamed. */
async function make(root: string, way: WayOptions, make: (work: string, options: WayOptions) => Promise<Entry["manifest"]>): Promise<Entry> {
  const work = path.join(root, `${WORK}${process.pid}-${Date.now().toString(36)}`);
  try {
    mkdirSync(work, { recursive: true });
    const manifest = await make(work, way);
    const made = path.join(work, "ready");
    await tryBinding(made);
    writeManifest(made, manifest);
    const folder = path.join(root, entryName(manifest));
    // Somebody may compute with what is replaced: it is moved away first and loaded libraries stay loaded.
    if (existsSync(folder)) renameSync(folder, path.join(work, "replaced"));
    renameSync(made, folder);
    return { folder, manifest };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Where nothing new can be had, an older entry that was not asked for is better than none, unless a version was asked for. */
function fallBack(root: string, { packageFolder, wanted }: WayOptions, reasons: readonly string[]): TensorFlowReady | TensorFlowMissing {
  const any = wanted.version === undefined ? (findEntry(root, { ...wanted, flavour: "cpu" }) ?? findEntry(root, { ...wanted, flavour: "cuda" })) : null;
  return any === null ? { state: "missing", reasons } : { ...linkTo(packageFolder, any, "cache"), notes: reasons };
}

function linkTo(packageFolder: string, entry: Entry, how: TensorFlowReady["how"]): TensorFlowReady {
  linkPackage(packageFolder, entry.folder);
  return ready(entry, how);
}

function ready({ folder, manifest }: Entry, how: TensorFlowReady["how"]): TensorFlowReady {
  return { state: "ready", version: manifest.version, flavour: manifest.flavour, folder, how, notes: [] };
}

/** The entry that this installation is linked to; null when TensorFlow is not set up. */
export function installedTensorFlow(): Entry | null {
  const folder = installedPackage();
  return folder === null ? null : linkedEntry(folder);
}

function installedPackage(): string | null {
  try {
    return bindingPackage();
  } catch {
    return null;
  }
}

async function flavourOfMachine(): Promise<Flavour> {
  const { code } = await runCommand("nvidia-smi", ["-L"], { timeoutMs: 20_000 });
  return code === 0 ? "cuda" : "cpu";
}

function bindingVersion(packageFolder: string): string {
  const { version } = JSON.parse(readFileSync(path.join(packageFolder, "package.json"), "utf8")) as { version?: unknown };
  return typeof version === "string" ? version : "unknown";
}

const WORK = ".work-";

/** Work folders of set-ups that were cut off. Called under the lock: none of them is alive. */
function removeLeftovers(root: string): void {
  for (const name of readdirSync(root)) if (name.startsWith(WORK)) rmSync(path.join(root, name), { recursive: true, force: true });
}
