import { createRequire } from "node:module";
import path from "node:path";
import { lastLine, runCommand } from "../../lib/commands.ts";
import { makeFolder } from "../../lib/make-folder.ts";

export interface BindingBuild {
  /** Folder of the npm package with the binding's sources. */
  readonly packageFolder: string;
  /** TensorFlow's include folder. */
  readonly headers: string;
  /** Folder with libtensorflow.so and libtensorflow_framework.so. */
  readonly libraries: string;
  /** The file to write. It finds the libraries in ../../deps/lib, relative to its own folder. */
  readonly output: string;
  /** File names of further libraries in that folder to load with the binding. */
  readonly also?: readonly string[];
}

/**
 * Compiles the binding. It consists of two C++ files that use Node-API only, so a compiler and the Node-API headers from npm are enough; no headers of a
 * particular Node version are needed.
 * @throws Error if there is no compiler, or with the first compiler error
 */
export async function buildBinding(build: BindingBuild): Promise<void> {
  const require = createRequire(import.meta.url);
  const nodeApi = (require("node-api-headers") as { include_dir: string }).include_dir;
  makeFolder(path.dirname(build.output));
  const compiler = await findCompiler();
  const { code, output } = await runCommand(compiler, [
    "-shared",
    "-fPIC",
    "-O2",
    "-std=c++17",
    "-w",
    "-DNAPI_VERSION=8",
    "-DNODE_GYP_MODULE_NAME=tfjs_binding",
    "-DBUILDING_NODE_EXTENSION",
    "-I",
    nodeApi,
    "-I",
    build.packageFolder,
    "-I",
    build.headers,
    path.join(build.packageFolder, "binding", "tfjs_backend.cc"),
    path.join(build.packageFolder, "binding", "tfjs_binding.cc"),
    "-o",
    build.output,
    `-L${build.libraries}`,
    "-Wl,-rpath,$ORIGIN/../../deps/lib",
    "-ltensorflow",
    "-ltensorflow_framework",
    ...(build.also === undefined || build.also.length === 0 ? [] : ["-Wl,--no-as-needed", ...build.also.map((name) => `-l:${name}`)]),
  ]);
  if (code !== 0) throw new Error(`the binding did not compile: ${/error: .*/.exec(output)?.[0] ?? lastLine(output)}`);
}

/** Name of a C++ compiler on this machine. @throws Error if there is none */
export async function findCompiler(): Promise<string> {
  for (const name of [process.env["CXX"], "g++", "clang++", "c++"]) {
    if (name === undefined || name === "") continue;
    const { code } = await runCommand(name, ["--version"], { timeoutMs: 20_000 });
    if (code === 0) return name;
  }
  throw new Error("no C++ compiler was found. Install one (Debian: apt-get install g++).");
}
