import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { lastLine, runCommand } from "../../lib/commands.ts";

export interface BindingBuild {
  /** Folder of the npm package with the sources of the binding. */
  readonly packageFolder: string;
  /** TensorFlow's include folder. */
  readonly headers: string;
  /** Folder with libtensorflow.so and libtensorflow_framework.so. */
  readonly libraries: string;
  /** The file to write. It finds the libraries at ../../deps/lib from where it lies. */
  readonly output: string;
  /** Further libraries of that folder to load with the binding, by their file names. */
  readonly also?: readonly string[];
}

/**
 * Compiles the binding. It is two C++ files over Node-API, so the compiler alone does it: the headers of Node-API come from npm and no headers of a certain Node are needed.
 * @throws Error when there is no compiler, or with its first error
 */
export async function buildBinding(build: BindingBuild): Promise<void> {
  const require = createRequire(import.meta.url);
  const nodeApi = (require("node-api-headers") as { include_dir: string }).include_dir;
  mkdirSync(path.dirname(build.output), { recursive: true });
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
  if (code !== 0) throw new Error(`the binding does not compile: ${/error: .*/.exec(output)?.[0] ?? lastLine(output)}`);
}

/** The C++ compiler of this machine. @throws Error when there is none */
export async function findCompiler(): Promise<string> {
  for (const name of [process.env["CXX"], "g++", "clang++", "c++"]) {
    if (name === undefined || name === "") continue;
    const { code } = await runCommand(name, ["--version"], { timeoutMs: 20_000 });
    if (code === 0) return name;
  }
  throw new Error("there is no C++ compiler; install one (Debian: apt-get install g++).");
}
