/** TensorFlow's library and headers from its Python wheel, and the binding compiled against them. Nothing of the wheel is run by Python. */
import { existsSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import path from "node:path";
import { buildBinding } from "./build-binding.ts";
import { BINDING_FILE, LIBRARY_FOLDER, type Manifest } from "./entry.ts";
import type { WayOptions } from "./ways.ts";
import { downloadWheel, findPip, type Pip, readEntry, unpack } from "./wheels.ts";

/** What TensorFlow's C interface and the binding include: all of TensorFlow's own headers, and those of the libraries that they lead to. */
const HEADERS = /^tensorflow\/include\/((?:tensorflow|tsl|xla|third_party)\/.+\.(?:h|inc))$/;
const LIBRARIES = /^tensorflow\/(libtensorflow_(?:cc|framework)\.so\.2)$/;

/**
 * Leaves a folder in the form of the cache's entries at `work/ready`.
 * @throws Error with one reason in words
 */
export async function fromWheel(work: string, { packageFolder, wanted, say }: WayOptions): Promise<Manifest> {
  const { flavour, version, binding } = wanted;
  if (process.platform !== "linux") throw new Error(`its wheels have a library to link with on Linux only; this is ${process.platform}.`);
  const pip = await findPip();
  if (pip === null) throw new Error("there is no pip; install Python 3 with pip (Debian: apt-get install python3-pip).");
  const name = flavour === "cuda" || process.arch === "arm64" ? "tensorflow" : "tensorflow-cpu";
  say(
    `Fetching TensorFlow through pip (${name}${version === undefined ? "" : ` ${version}`}, ${flavour === "cuda" ? "600" : "270"} MB), once for all installations of this user.`,
  );
  const wheel = await downloadWheel(pip, version === undefined ? name : `${name}==${version}`, path.join(work, "wheels"));
  const found = /^[^-]+-([^-]+)-/.exec(path.basename(wheel))?.[1];
  if (found === undefined) throw new Error(`${path.basename(wheel)} is no name of a wheel.`);
  say(`Unpacking TensorFlow ${found}.`);
  const ready = path.join(work, "ready");
  const headers = path.join(work, "include");
  await unpack(wheel, work, (entry) => {
    const library = LIBRARIES.exec(entry)?.[1];
    if (library !== undefined) return path.join("ready", LIBRARY_FOLDER, library);
    const header = HEADERS.exec(entry)?.[1];
    return header === undefined ? null : path.join("include", header);
  });
  const libraries = path.join(ready, LIBRARY_FOLDER);
  for (const file of ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"])
    if (!existsSync(path.join(libraries, file))) throw new Error(`${path.basename(wheel)} holds no ${file}.`);
  symlinkSync("libtensorflow_cc.so.2", path.join(libraries, "libtensorflow.so"));
  symlinkSync("libtensorflow_framework.so.2", path.join(libraries, "libtensorflow_framework.so"));
  const cuda = flavour === "cuda" ? await addCuda(pip, wheel, work, say) : [];
  rmSync(path.join(work, "wheels"), { recursive: true, force: true });
  say("Building the binding, in some ten seconds.");
  await buildBinding({ packageFolder, headers, libraries, output: path.join(ready, BINDING_FILE), also: cuda });
  return { version: found, flavour, binding };
}

/** Of CUDA's libraries, those that TensorFlow opens by their names while it runs. */
const OPENED = /^lib(?:cudart|cublasLt|cublas|cufft|curand|cusolver|cusparse|cudnn|nccl|cupti|nvrtc|nvJitLink)\.so\.\d+$/;

/**
 * CUDA's own libraries, from the wheels that TensorFlow's names as its extra `and-cuda`, all beside TensorFlow's. TensorFlow finds libraries by name among those that are
 * loaded already: the binding is linked with them, so that they come with it, wherever the cache is.
 * @returns names of the libraries to link with
 */
async function addCuda(pip: Pip, wheel: string, work: string, say: (text: string) => void): Promise<readonly string[]> {
  const requirements = cudaRequirements(await readEntry(wheel, (entry) => entry.endsWith(".dist-info/METADATA")));
  if (requirements.length === 0) throw new Error(`${path.basename(wheel)} names no CUDA libraries.`);
  for (const [i, requirement] of requirements.entries()) {
    say(`Fetching CUDA's libraries, ${i + 1} of ${requirements.length}: ${requirement}.`);
    const file = await downloadWheel(pip, requirement, path.join(work, "wheels", `cuda-${i}`));
    await unpack(file, path.join(work, "ready", LIBRARY_FOLDER), (entry) => /^nvidia\/.*\/lib\/([^/]+\.so(?:\.[^/]+)?)$/.exec(entry)?.[1] ?? null);
    rmSync(file, { force: true });
  }
  return readdirSync(path.join(work, "ready", LIBRARY_FOLDER)).filter((name) => OPENED.test(name));
}

/** Requirements of the extra `and-cuda` in a wheel's metadata, in pip's form. The compiler is left out: everything computed here is compiled already. */
export function cudaRequirements(metadata: string): readonly string[] {
  return [...metadata.matchAll(/^Requires-Dist:\s*(nvidia-[A-Za-z0-9._-]+)\s*\(?([^;)\n]*)\)?\s*;[^\n]*and-cuda/gm)]
    .map(([, name = "", range = ""]) => `${name}${range.replaceAll(" ", "")}`)
    .filter((requirement) => !requirement.startsWith("nvidia-cuda-nvcc"));
}
