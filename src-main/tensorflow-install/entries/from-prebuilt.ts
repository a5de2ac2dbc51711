/** The binding's own installer, for machines without a usable wheel. It fetches the TensorFlow that the binding was published with: an older one. */
import { cpSync, existsSync, mkdirSync, renameSync } from "node:fs";
import path from "node:path";
import { lastLine, runCommand } from "../../lib/commands.ts";
import { BINDING_FILE, LIBRARY_FOLDER, type Manifest } from "./entry.ts";
import { tryBinding } from "./try.ts";
import type { WayOptions } from "./ways.ts";

/**
 * Runs the installer in a copy of the package, because it writes beside itself. Leaves a folder in the form of the cache's entries at `work/ready`.
 * @throws Error with one reason in words
 */
export async function fromPrebuilt(work: string, { packageFolder, wanted, say }: WayOptions): Promise<Manifest> {
  const { flavour, version, binding } = wanted;
  if (version !== undefined) throw new Error(`it cannot give TensorFlow ${version}, only the version that it was published with.`);
  const copy = path.join(work, "package");
  cpSync(packageFolder, copy, { recursive: true, filter: (source) => !["deps", "lib", "build"].some((part) => source === path.join(packageFolder, part)) });
  const modules = path.resolve(packageFolder, "..", "..");
  say("Trying the binding's own download.");
  const { code, output } = await runCommand(process.execPath, [path.join(copy, "scripts", "install.js"), flavour === "cuda" ? "gpu" : "cpu", "download"], {
    cwd: copy,
    // The copy lies outside of node_modules; its dependencies and their programs do not.
    env: {
      ...process.env,
      NODE_PATH: modules,
      PATH: [path.dirname(process.execPath), path.join(modules, ".bin"), process.env["PATH"] ?? ""].join(path.delimiter),
    },
    timeoutMs: 900_000,
  });
  if (!existsSync(path.join(copy, BINDING_FILE)) || !existsSync(path.join(copy, LIBRARY_FOLDER)))
    throw new Error(`its installer did not finish: ${reasonIn(output) || `exit code ${code}`}`);
  const ready = path.join(work, "ready");
  mkdirSync(ready, { recursive: true });
  for (const part of ["deps", "lib"]) renameSync(path.join(copy, part), path.join(ready, part));
  return { version: (await tryBinding(ready)).version, flavour, binding };
}

/** The line of an installer's output that names the trouble. */
function reasonIn(output: string): string {
  return /^.*(?:Error|ENOTFOUND|ECONN|status code|issue downloading).*$/im.exec(output)?.[0].trim() ?? lastLine(output);
}
