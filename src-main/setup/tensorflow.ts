/**
 * Finds or fetches TensorFlow's native library and builds the binding against it. In this order: what is in the user's cache; the current wheel through pip (with CUDA
 * where nvidia-smi answers); the binding's own prebuilt download. The cache is shared by all installations of the user, which only link to it.
 */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { buildBinding } from "./build-binding.ts";
import { lastLine, runCommand } from "./commands.ts";
import { withLock } from "./lock.ts";
import { bindingPackage, cacheFolder, installation } from "./places.ts";
import { downloadWheel, findPip, readEntry, unpack } from "./wheels.ts";

export type Flavour = "cpu" | "cuda";

export interface TensorFlowReady {
  readonly state: "ready";
  readonly version: string;
  readonly flavour: Flavour;
  /** Folder in the cache. */
  readonly folder: string;
  /** What had to be done. */
  readonly how: "cache" | "pip" | "prebuilt";
}

export interface TensorFlowMissing {
  readonly state: "missing";
  /** One sentence for each way that was tried. */
  readonly reasons: readonly string[];
}

interface Manifest {
  readonly version: string;
  readonly flavour: Flavour;
  readonly binding: string;
}

export interface SetupOptions {
  readonly cache?: string;
  /** Builds anew even if the cache has one. */
  readonly force?: boolean;
  /** TensorFlow version; the newest unless given. `$GHN_STUDIO_TF_VERSION` by default. */
  readonly version?: string;
  /** Told in sentences what takes time. */
  readonly say?: (text: string) => void;
}

/** Makes TensorFlow usable in this installation. Never throws for a way that fails: the last resort is wasm, and the reasons come back. */
export async function ensureTensorFlow(options: SetupOptions = {}): Promise<TensorFlowReady | TensorFlowMissing> {
  const root = path.join(options.cache ?? cacheFolder(), "tensorflow");
  const version = options.version ?? (process.env["GHN_STUDIO_TF_VERSION"] || undefined);
  const say = options.say ?? (() => undefined);
  const binding = bindingVersion();
  // The quick way first, without a lock: what is linked already and still there.
  if (options.force !== true) {
    const linked = linkedManifest();
    if (linked !== null && linked.manifest.binding === binding && (version === undefined || linked.manifest.version === version))
      return { state: "ready", version: linked.manifest.version, flavour: linked.manifest.flavour, folder: linked.folder, how: "cache" };
  }
  const flavour = await wantedFlavour();
  return withLock(
    path.join(root, ".lock"),
    async () => {
      removeLeftovers(root);
      if (options.force !== true) {
        const cached = findCached(root, binding, flavour, version);
        if (cached !== null) {
          link(cached.folder);
          return { state: "ready", version: cached.manifest.version, flavour: cached.manifest.flavour, folder: cached.folder, how: "cache" } as const;
        }
      }
      const reasons: string[] = [];
      for (const [how, way] of [
        ["pip", fromWheel],
        ["prebuilt", fromPrebuilt],
      ] as const) {
        const work = path.join(root, `.work-${process.pid}-${Date.now().toString(36)}`);
        try {
          mkdirSync(work, { recursive: true });
          const manifest = await way(work, { flavour, version, binding, say });
          const folder = path.join(root, `${process.platform}-${process.arch}-${manifest.flavour}-${manifest.version}-${binding}`);
          writeFileSync(path.join(work, "ready", "manifest.json"), JSON.stringify(manifest));
          rmSync(folder, { recursive: true, force: true });
          renameSync(path.join(work, "ready"), folder);
          link(folder);
          const problem = await loadProblem();
          if (problem !== null) {
            unlinkAll();
            rmSync(folder, { recursive: true, force: true });
            throw new Error(`what was built does not load: ${problem}`);
          }
          return { state: "ready", version: manifest.version, flavour: manifest.flavour, folder, how } as const;
        } catch (error) {
          reasons.push(`${how === "pip" ? "Through pip" : "Prebuilt"}: ${error instanceof Error ? error.message : String(error)}`);
        } finally {
          rmSync(work, { recursive: true, force: true });
        }
      }
      return { state: "missing", reasons } as const;
    },
    () => say("Another set-up is at work; waiting for it."),
  );
}

/** What is linked into this installation; null when nothing usable is. */
export function linkedManifest(): { readonly folder: string; readonly manifest: Manifest } | null {
  try {
    const folder = path.dirname(realPath(path.join(bindingPackage(), "lib")));
    return completeManifest(folder);
  } catch {
    return null;
  }
}

interface WayOptions {
  readonly flavour: Flavour;
  readonly version: string | undefined;
  readonly binding: string;
  readonly say: (text: string) => void;
}

/** Library and headers from a wheel, binding compiled against them. Leaves `work/ready`. */
async function fromWheel(work: string, { flavour, version, binding, say }: WayOptions): Promise<Manifest> {
  if (process.platform !== "linux") throw new Error(`wheels are used on Linux only, this is ${process.platform}.`);
  const pip = await findPip();
  if (pip === null) throw new Error("there is no pip; install Python 3 with pip (Debian: apt-get install python3-pip).");
  const name = flavour === "cuda" ? "tensorflow" : process.arch === "arm64" ? "tensorflow" : "tensorflow-cpu";
  say(`Downloading TensorFlow (${name}${version === undefined ? "" : ` ${version}`}, about 270 MB) through pip; once for all installations of this user.`);
  const wheel = await downloadWheel(pip, version === undefined ? name : `${name}==${version}`, path.join(work, "wheels"));
  const found = /^[^-]+-([^-]+)-/.exec(path.basename(wheel))?.[1] ?? version ?? "unknown";
  say(`Unpacking TensorFlow ${found}.`);
  const ready = path.join(work, "ready");
  const libraries = path.join(ready, "deps", "lib");
  const headers = path.join(work, "include");
  await unpack(wheel, work, (entry) => {
    const library = /^tensorflow\/(libtensorflow_(?:cc|framework)\.so\.2)$/.exec(entry)?.[1];
    if (library !== undefined) return path.join("ready", "deps", "lib", library);
    return entry.startsWith("tensorflow/include/") && /\.(h|inc|hpp)$/.test(entry) ? path.join("include", entry.slice("tensorflow/include/".length)) : null;
  });
  for (const [alias, target] of [
    ["libtensorflow.so", "libtensorflow_cc.so.2"],
    ["libtensorflow.so.2", "libtensorflow_cc.so.2"],
    ["libtensorflow_framework.so", "libtensorflow_framework.so.2"],
  ] as const) {
    if (!existsSync(path.join(libraries, target))) throw new Error(`the wheel ${path.basename(wheel)} has no ${target}.`);
    symlinkSync(target, path.join(libraries, alias));
  }
  if (flavour === "cuda") await addCuda(pip, wheel, work, say);
  say("Building the binding (some ten seconds).");
  await buildBinding({ package: bindingPackage(), headers, libraries, output: path.join(ready, "lib", "napi-v8", "tfjs_binding.node") });
  return { version: found, flavour, binding };
}

/** CUDA's own libraries, from the wheels that TensorFlow's names; they lie beside it as in a Python installation. */
async function addCuda(pip: readonly [string, ...string[]], wheel: string, work: string, say: (text: string) => void): Promise<void> {
  const metadata = await readEntry(wheel, (entry) => entry.endsWith(".dist-info/METADATA"));
  const requirements = [...metadata.matchAll(/^Requires-Dist: (nvidia-[^;\s]+)[^;\n]*;[^\n]*and-cuda/gm)].map((match) => match[1] ?? "");
  const full = [...metadata.matchAll(/^Requires-Dist: (nvidia-[A-Za-z0-9._-]+)\s*\(?([^;)\n]*)\)?\s*;[^\n]*and-cuda/gm)].map((match) => `${match[1] ?? ""}${(match[2] ?? "").replaceAll(" ", "")}`);
  const wanted = full.length > 0 ? full : requirements;
  for (const [i, requirement] of wanted.entries()) {
    say(`Downloading CUDA libraries, ${i + 1} of ${wanted.length}: ${requirement}.`);
    const file = await downloadWheel(pip, requirement, path.join(work, "nvidia"));
    await unpack(file, path.join(work, "ready", "deps"), (entry) => (/^nvidia\/.*\/lib\/[^/]+\.so[^/]*$/.test(entry) ? entry : null));
    rmSync(file, { force: true });
  }
}

/** The binding's own installer, for platforms without a usable wheel. It fetches an older TensorFlow. */
async function fromPrebuilt(work: string, { flavour, binding, say }: WayOptions): Promise<Manifest> {
  const folder = bindingPackage();
  unlinkAll();
  say("Trying the binding's own prebuilt download.");
  const result = await runCommand(process.execPath, ["scripts/install.js", flavour === "cuda" ? "gpu" : "cpu", "download"], { cwd: folder, timeoutMs: 900_000 });
  const built = path.join(folder, "lib", "napi-v8", "tfjs_binding.node");
  try {
    if (result.code !== 0 || !existsSync(built)) throw new Error(lastLine(result.output) || "the installer did not finish.");
    const ready = path.join(work, "ready");
    mkdirSync(ready, { recursive: true });
    for (const part of ["deps", "lib"]) renameSync(path.join(folder, part), path.join(ready, part));
    return { version: "2.9.1", flavour, binding };
  } finally {
    for (const part of ["deps", "lib"]) rmSync(path.join(folder, part), { recursive: true, force: true });
  }
}

async function wantedFlavour(): Promise<Flavour> {
  const { code } = await runCommand("nvidia-smi", ["-L"], { timeoutMs: 20_000 });
  return code === 0 ? "cuda" : "cpu";
}

function bindingVersion(): string {
  const file = JSON.parse(readFileSync(path.join(bindingPackage(), "package.json"), "utf8")) as { version?: unknown };
  return typeof file.version === "string" ? file.version : "unknown";
}

function completeManifest(folder: string): { readonly folder: string; readonly manifest: Manifest } | null {
  try {
    const manifest = JSON.parse(readFileSync(path.join(folder, "manifest.json"), "utf8")) as Manifest;
    return existsSync(path.join(folder, "lib", "napi-v8", "tfjs_binding.node")) && existsSync(path.join(folder, "deps", "lib")) ? { folder, manifest } : null;
  } catch {
    return null;
  }
}

function findCached(root: string, binding: string, flavour: Flavour, version: string | undefined): { readonly folder: string; readonly manifest: Manifest } | null {
  const prefix = `${process.platform}-${process.arch}-`;
  const found = readdirSync(root)
    .filter((name) => name.startsWith(prefix))
    .flatMap((name) => completeManifest(path.join(root, name)) ?? [])
    .filter(({ manifest }) => manifest.binding === binding && manifest.flavour === flavour && (version === undefined || manifest.version === version));
  return found.sort((a, b) => b.manifest.version.localeCompare(a.manifest.version, "en", { numeric: true }))[0] ?? null;
}

/** Links `deps` and `lib` of the binding to the cache, each in one step. */
function link(folder: string): void {
  const target = bindingPackage();
  for (const part of ["deps", "lib"]) {
    const place = path.join(target, part);
    const fresh = `${place}.new-${process.pid}`;
    symlinkSync(path.join(folder, part), fresh, process.platform === "win32" ? "junction" : "dir");
    const existing = lstatSync(place, { throwIfNoEntry: false });
    if (existing?.isDirectory() === true) rmSync(place, { recursive: true, force: true });
    renameSync(fresh, place);
  }
}

/** Takes the links away; folders that are no links stay. */
function unlinkAll(): void {
  for (const part of ["deps", "lib"]) {
    const place = path.join(bindingPackage(), part);
    if (lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() === true) unlinkSync(place);
  }
}

/** Work folders of set-ups that were cut off. Called under the lock, so none of them is alive. */
function removeLeftovers(root: string): void {
  for (const name of readdirSync(root)) if (name.startsWith(".work-")) rmSync(path.join(root, name), { recursive: true, force: true });
}

/** Loads TensorFlow in a process of its own; null when that works. */
async function loadProblem(): Promise<string | null> {
  const script = path.join(installation, "src-main", "setup", "try-tensorflow.ts");
  const { code, output } = await runCommand(process.execPath, [script], { timeoutMs: 120_000 });
  return code === 0 ? null : lastLine(output) || "the process died.";
}

function realPath(file: string): string {
  if (lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() !== true) throw new Error("Not linked.");
  return realpathSync(file);
}
