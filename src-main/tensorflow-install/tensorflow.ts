/**
 * Finds or downloads TensorFlow's native library and a binding for it, in this order: the user's cache; the current wheel through pip (with CUDA if nvidia-smi
 * works); the binding's own download. All installations of a user link to the same cache. An entry is prepared in a temporary folder, tested and then renamed,
 * so it is either complete or absent.
 */
import { accessSync, constants, existsSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { libraryProblem } from "../engine/backend/tensorflow/library-problem.ts";
import { runCommand } from "../lib/commands.ts";
import { makeFolder } from "../lib/make-folder.ts";
import { bindingPackage, cacheFolder } from "../lib/places.ts";
import { recordFiles, verifyFiles } from "../lib/verified-files.ts";
import { BINDING_FILE, type Entry, entryName, type Flavour, findEntry, LIBRARY_FOLDER, satisfies, type Wanted, writeManifest } from "./entries/entry.ts";
import { forgetFailure, recentFailure, rememberFailure } from "./entries/failure.ts";
import { fromPrebuilt } from "./entries/from-prebuilt.ts";
import { fromWheel } from "./entries/from-wheel.ts";
import { linkedEntry, linkPackage } from "./entries/links.ts";
import { ensureOwnKernels } from "./entries/own-kernels.ts";
import type { LibrarySource, SourceOptions } from "./entries/source.ts";
import { tryBinding } from "./entries/try.ts";
import { withLock } from "./lock.ts";

export interface TensorFlowReady {
  readonly state: "ready";
  readonly version: string;
  readonly flavour: Flavour;
  /** Its folder in the cache. */
  readonly folder: string;
  /** What had to be done: nothing, linking, or installing it from one of the sources. */
  readonly how: "linked" | "cache" | "pip" | "prebuilt";
  /** Why the result differs from what was requested, one sentence each; usually empty. */
  readonly notes: readonly string[];
}

export interface TensorFlowMissing {
  readonly state: "missing";
  /** One sentence per source that was tried. */
  readonly reasons: readonly string[];
}

export interface SetupOptions {
  /** The user's cache folder. */
  readonly cache?: string;
  /** Folder of the npm package to link. */
  readonly packageFolder?: string;
  /** Installs it again even if the cache has it. */
  readonly force?: boolean;
  /** TensorFlow version. Default: `$GHN_STUDIO_TF_VERSION`, otherwise the newest. */
  readonly version?: string;
  /** Default: `cuda` if nvidia-smi works. */
  readonly flavour?: Flavour;
  /** Whether a failure of the last hour is tried again; true by default. */
  readonly retryFailed?: boolean;
  /** Receives a sentence before each step that takes time. */
  readonly say?: (text: string) => void;
  /** Whether to compile the engine's own kernels; true by default. */
  readonly ownKernels?: boolean;
  /** Where libraries come from; for tests. */
  readonly sources?: Readonly<Record<"pip" | "prebuilt", LibrarySource>>;
}

const SOURCES = { pip: fromWheel, prebuilt: fromPrebuilt } as const;
const SOURCE_NAMES = { pip: "Through pip", prebuilt: "The binding's own download" } as const;

/** Makes TensorFlow usable in this installation. Does not throw if all sources fail, but returns the reasons; runs then compute with wasm. */
export async function ensureTensorFlow(options: SetupOptions = {}): Promise<TensorFlowReady | TensorFlowMissing> {
  const result = await ensureLibrary(options);
  if (result.state === "missing" || result.flavour === "cuda" || options.ownKernels === false) return result;
  const missing = await ensureOwnKernels(result.folder, options.force === true, options.say);
  return missing === null ? result : { ...result, notes: [...result.notes, missing] };
}

async function ensureLibrary(options: SetupOptions): Promise<TensorFlowReady | TensorFlowMissing> {
  const { packageFolder = installedPackage(), force = false, say = () => undefined } = options;
  if (packageFolder === null) return { state: "missing", reasons: ["The package @tensorflow/tfjs-node-gpu is not installed. Run npm ci."] };
  const version = options.version ?? (process.env["GHN_STUDIO_TF_VERSION"] || undefined);
  const binding = bindingVersion(packageFolder);
  const linked = linkedEntry(packageFolder);
  // Fast path for what is already linked: no lock and, unless this is an explicit set-up, no search for a GPU.
  const flavour = options.flavour ?? (options.retryFailed === false && linked !== null ? linked.manifest.flavour : await flavourOfMachine());
  const wanted: Wanted = { binding, version, flavour };
  const isLinked = linked !== null && (await isUsable(linked, say));
  if (!force && isLinked && satisfies(linked, wanted)) return ready(linked, "linked");
  const foreign = foreignInstallation(packageFolder);
  if (foreign !== null) return isLinked ? { ...ready(linked, "linked"), notes: [foreign] } : { state: "missing", reasons: [foreign] };
  const root = path.join(options.cache ?? cacheFolder(), "tensorflow");
  try {
    makeFolder(root);
    return await withLock(
      path.join(root, "lock.sqlite"),
      () => ensureLocked(root, { packageFolder, wanted, say }, options),
      () => say("Waiting for another set-up to finish."),
    );
  } catch (error) {
    return { state: "missing", reasons: [`The cache ${root} is not usable: ${error instanceof Error ? error.message : String(error)}`] };
  }
}

async function ensureLocked(
  root: string,
  request: SourceOptions,
  { force = false, retryFailed = true, sources = SOURCES }: SetupOptions,
): Promise<TensorFlowReady | TensorFlowMissing> {
  removeLeftovers(root);
  const { wanted, packageFolder } = request;
  const cached = force ? null : findEntry(root, wanted);
  if (cached !== null && (await isUsable(cached, request.say))) return linkTo(packageFolder, cached, "cache");
  const failure = retryFailed || force ? null : recentFailure(root, wanted);
  if (failure !== null) return await fallBack(root, request, failure);
  const reasons: string[] = [];
  for (const how of ["pip", "prebuilt"] as const) {
    try {
      const entry = await install(root, request, sources[how]);
      forgetFailure(root);
      return linkTo(packageFolder, entry, how);
    } catch (error) {
      reasons.push(`${SOURCE_NAMES[how]}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  // TensorFlow for the CPU is still faster than wasm.
  if (wanted.flavour === "cuda") {
    const onCpu = await ensureLocked(root, { ...request, wanted: { ...wanted, flavour: "cpu" } }, { force, retryFailed, sources });
    return onCpu.state === "ready"
      ? { ...onCpu, notes: [...reasons.map((reason) => `No CUDA. ${reason}`), ...onCpu.notes] }
      : { state: "missing", reasons: [...reasons, ...onCpu.reasons] };
  }
  rememberFailure(root, wanted, reasons);
  return await fallBack(root, request, reasons);
}

/** Prepares an entry in a temporary folder, tests it and moves it into the cache. */
async function install(root: string, request: SourceOptions, source: LibrarySource): Promise<Entry> {
  const work = path.join(root, `${WORK}${process.pid}-${Date.now().toString(36)}`);
  try {
    makeFolder(work);
    const manifest = await source(work, request);
    const prepared = path.join(work, "ready");
    await tryBinding(prepared);
    writeManifest(prepared, manifest);
    recordEntry(prepared);
    const folder = path.join(root, entryName(manifest));
    // A process may be using the replaced entry: it is moved away first, and loaded libraries stay loaded.
    if (existsSync(folder)) renameSync(folder, path.join(work, "replaced"));
    renameSync(prepared, folder);
    return { folder, manifest };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Uses another entry of the cache if there is one and no specific version was requested. */
async function fallBack(root: string, { packageFolder, wanted, say }: SourceOptions, reasons: readonly string[]): Promise<TensorFlowReady | TensorFlowMissing> {
  const found = wanted.version === undefined ? (findEntry(root, { ...wanted, flavour: "cpu" }) ?? findEntry(root, { ...wanted, flavour: "cuda" })) : null;
  const any = found !== null && (await isUsable(found, say)) ? found : null;
  return any === null ? { state: "missing", reasons } : { ...linkTo(packageFolder, any, "cache"), notes: reasons };
}

/**
 * Whether the files of an entry are as they were installed. An entry of an earlier version, which recorded nothing, is tried in a separate process and then recorded.
 * @param say receives a sentence if it is damaged
 */
async function isUsable({ folder }: Entry, say: (text: string) => void): Promise<boolean> {
  const verdict = verifyFiles(folder);
  if (verdict.state === "intact") return true;
  if (verdict.state === "damaged") {
    say(`The TensorFlow library is damaged and is installed again: ${verdict.file} ${verdict.reason}.`);
    return false;
  }
  try {
    await tryBinding(folder);
    recordEntry(folder);
  } catch (error) {
    // A folder of another user, which cannot be written, is used as it is.
    if (error instanceof Error && "code" in error) return true;
    say(`The TensorFlow library does not work and is installed again: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
  return true;
}

/** Records the binding and the libraries of an entry. */
function recordEntry(folder: string): void {
  const libraries = readdirSync(path.join(folder, LIBRARY_FOLDER), { withFileTypes: true }).filter((file) => file.isFile());
  recordFiles(folder, [BINDING_FILE, ...libraries.map(({ name }) => path.join(LIBRARY_FOLDER, name))]);
}

/** Why this installation cannot be linked to a library of this user; null if it can. */
function foreignInstallation(packageFolder: string): string | null {
  try {
    accessSync(packageFolder, constants.W_OK);
    return null;
  } catch {
    return `${libraryProblem(packageFolder) ?? ""} This installation cannot be changed by this user (${packageFolder} is not writable).`.trim();
  }
}

function linkTo(packageFolder: string, entry: Entry, how: TensorFlowReady["how"]): TensorFlowReady {
  linkPackage(packageFolder, entry.folder);
  return ready(entry, how);
}

function ready({ folder, manifest }: Entry, how: TensorFlowReady["how"]): TensorFlowReady {
  return { state: "ready", version: manifest.version, flavour: manifest.flavour, folder, how, notes: [] };
}

/** The entry that this installation is linked to; null if TensorFlow is not set up. */
export function installedTensorFlow(): Entry | null {
  const folder = installedPackage();
  return folder === null ? null : linkedEntry(folder);
}

/** Why the library of this installation cannot be used, with all its files hashed; null if it can. */
export function installedLibraryProblem(): string | null {
  const folder = installedPackage();
  return folder === null ? "The package @tensorflow/tfjs-node-gpu is not installed. Run npm ci." : libraryProblem(folder, { full: true });
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

/** Removes temporary folders of interrupted set-ups. Called with the lock held, so no set-up is using them. */
function removeLeftovers(root: string): void {
  for (const name of readdirSync(root)) if (name.startsWith(WORK)) rmSync(path.join(root, name), { recursive: true, force: true });
}
