/** Compiles the project's own kernels into a cache entry. They only make runs faster; without them, TensorFlow's kernels are used. */
import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { OWN_KERNELS_RECORD } from "../../engine/backend/tensorflow/library-problem.ts";
import { OWN_KERNELS_FILE } from "../../engine/backend/tensorflow/own-kernels-file.ts";
import { lastLine, runCommand } from "../../lib/commands.ts";
import { makeFolder } from "../../lib/make-folder.ts";
import { recordFiles, verifyFiles } from "../../lib/verified-files.ts";
import { findCompiler } from "./build-binding.ts";
import { LIBRARY_FOLDER } from "./entry.ts";

const SOURCE = fileURLToPath(new URL("../../engine/backend/tensorflow/own-kernels/kernels.cc", import.meta.url));

/**
 * Does nothing if they exist and are intact, or if compiling failed before.
 * @param folder of the entry
 * @returns why they are missing, in one sentence; null if they exist
 */
export async function ensureOwnKernels(folder: string, force = false, say: (text: string) => void = () => undefined): Promise<string | null> {
  const output = path.join(folder, OWN_KERNELS_FILE);
  const failed = `${output}.failed`;
  const known = verifyFiles(folder, { name: OWN_KERNELS_RECORD });
  if (!force && existsSync(output) && known.state === "intact") return null;
  if (known.state === "damaged" && existsSync(output)) say("The studio's own kernels are damaged and are compiled again.");
  if (process.platform !== "linux") return "The studio's own kernels are available on Linux only. TensorFlow's kernels are used.";
  if (!force && existsSync(failed)) return "The studio's own kernels could not be compiled. TensorFlow's slower kernels are used.";
  if (!existsSync(SOURCE)) return "The sources of the studio's own kernels are missing. TensorFlow's slower kernels are used.";
  const fresh = `${output}.${process.pid}`;
  try {
    makeFolder(path.dirname(output));
    await compile(path.join(folder, LIBRARY_FOLDER), fresh);
    renameSync(fresh, output);
    recordFiles(folder, [OWN_KERNELS_FILE], OWN_KERNELS_RECORD);
    rmSync(failed, { force: true });
    return null;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    rmSync(fresh, { force: true });
    if (existsSync(path.dirname(output))) writeFileSync(failed, `${reason}\n`);
    return `The studio's own kernels could not be compiled (${reason}). TensorFlow's slower kernels are used.`;
  }
}

async function compile(libraries: string, output: string): Promise<void> {
  const compiler = await findCompiler();
  const { code, output: said } = await runCommand(compiler, [
    "-shared",
    "-fPIC",
    "-O3",
    "-std=c++17",
    "-w",
    "-pthread",
    "-fno-math-errno",
    "-fno-trapping-math",
    SOURCE,
    "-o",
    output,
    `-L${libraries}`,
    "-Wl,-rpath,$ORIGIN/../../deps/lib",
    "-ltensorflow_framework",
  ]);
  if (code !== 0) throw new Error(/error: .*/.exec(said)?.[0] ?? lastLine(said));
}
