/** TensorFlow's library and headers from its Python wheel, and the binding compiled against them. No Python code from the wheel is run. */
import { existsSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import path from "node:path";
import { buildBinding } from "./build-binding.ts";
import { BINDING_FILE, LIBRARY_FOLDER, type Manifest } from "./entry.ts";
import type { SourceOptions } from "./source.ts";
import { downloadWheel, findPip, type Pip, readEntry, unpackWheel } from "./wheels.ts";

/** Headers that TensorFlow's C interface and the binding include: TensorFlow's own and those of the libraries they use. */
const HEADERS = /^tensorflow\/include\/((?:tensorflow|tsl|xla|third_party)\/.+\.(?:h|inc))$/;
const LIBRARIES = /^tensorflow\/(libtensorflow_(?:cc|framework)\.so\.2)$/;

/**
 * Prepares a cache entry in `work/ready`.
 * @throws Error with the reason
 */
export async function fromWheel(work: string, { packageFolder, wanted, say }: SourceOptions): Promise<Manifest> {
  const { flavour, version, binding } = wanted;
  if (process.platform !== "linux") throw new Error(`the wheels contain a linkable library on Linux only, not on ${process.platform}.`);
  const pip = await findPip();
  if (pip === null) throw new Error("pip was not found. Install Python 3 with pip (Debian: apt-get install python3-pip).");
  const name = flavour === "cuda" || process.arch === "arm64" ? "tensorflow" : "tensorflow-cpu";
  say(
    `Downloading TensorFlow through pip (${name}${version === undefined ? "" : ` ${version}`}, ${flavour === "cuda" ? "600" : "270"} MB). This happens once per user.`,
  );
  const wheel = await downloadWheel(pip, version === undefined ? name : `${name}==${version}`, path.join(work, "wheels"));
  const found = /^[^-]+-([^-]+)-/.exec(path.basename(wheel))?.[1];
  if (found === undefined) throw new Error(`${path.basename(wheel)} is not a valid wheel name.`);
  say(`Unpacking TensorFlow ${found}.`);
  const ready = path.join(work, "ready");
  const headers = path.join(work, "include");
  await unpackWheel(wheel, work, (entry) => {
    const library = LIBRARIES.exec(entry)?.[1];
    if (library !== undefined) return path.join("ready", LIBRARY_FOLDER, library);
    const header = HEADERS.exec(entry)?.[1];
    return header === undefined ? null : path.join("include", header);
  });
  const libraries = path.join(ready, LIBRARY_FOLDER);
  for (const file of ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"])
    if (!existsSync(path.join(libraries, file))) throw new Error(`${path.basename(wheel)} does not contain ${file}.`);
  symlinkSync("libtensorflow_cc.so.2", path.join(libraries, "libtensorflow.so"));
  symlinkSync("libtensorflow_framework.so.2", path.join(libraries, "libtensorflow_framework.so"));
  const cuda = flavour === "cuda" ? await addCuda(pip, wheel, work, say) : [];
  rmSync(path.join(work, "wheels"), { recursive: true, force: true });
  say("Building the binding. This takes about 10 seconds.");
  await buildBinding({ packageFolder, headers, libraries, output: path.join(ready, BINDING_FILE), also: cuda });
  return { version: found, flavour, binding };
}

/** The CUDA libraries that TensorFlow opens by name at run time. */
const OPENED = /^lib(?:cudart|cublasLt|cublas|cufft|curand|cusolver|cusparse|cudnn|nccl|cupti|nvrtc|nvJitLink)\.so\.\d+$/;

/**
 * Installs CUDA's libraries next to TensorFlow's, from the wheels in TensorFlow's extra `and-cuda`. TensorFlow opens them by name and finds those already
 * loaded, so the binding is linked with them and loads them first, wherever the cache is.
 * @returns file names of the libraries to link with
 */
async function addCuda(pip: Pip, wheel: string, work: string, say: (text: string) => void): Promise<readonly string[]> {
  const requirements = cudaRequirements(await readEntry(wheel, (entry) => entry.endsWith(".dist-info/METADATA")));
  if (requirements.length === 0) throw new Error(`${path.basename(wheel)} does not list CUDA libraries.`);
  for (const [i, requirement] of requirements.entries()) {
    say(`Downloading CUDA libraries, ${i + 1} of ${requirements.length}: ${requirement}.`);
    const file = await downloadWheel(pip, requirement, path.join(work, "wheels", `cuda-${i}`));
    await unpackWheel(file, path.join(work, "ready", LIBRARY_FOLDER), (entry) => /^nvidia\/.*\/lib\/([^/]+\.so(?:\.[^/]+)?)$/.exec(entry)?.[1] ?? null);
    rmSync(file, { force: true });
  }
  return readdirSync(path.join(work, "ready", LIBRARY_FOLDER)).filter((name) => OPENED.test(name));
}

/** Requirements of the extra `and-cuda` in a wheel's metadata, in pip's syntax, without the CUDA compiler, which is not needed. */
export function cudaRequirements(metadata: string): readonly string[] {
  return [...metadata.matchAll(/^Requires-Dist:\s*(nvidia-[A-Za-z0-9._-]+)\s*\(?([^;)\n]*)\)?\s*;[^\n]*and-cuda/gm)]
    .map(([, name = "", range = ""]) => `${name}${range.replaceAll(" ", "")}`)
    .filter((requirement) => !requirement.startsWith("nvidia-cuda-nvcc"));
}
