/** The binding's own installer, for machines without a usable wheel. It downloads the older TensorFlow that the binding was published with. */
import { cpSync, existsSync, renameSync } from "node:fs";
import path from "node:path";
import { lastLine, runCommand } from "../../lib/commands.ts";
import { makeFolder } from "../../lib/make-folder.ts";
import { BINDING_FILE, LIBRARY_FOLDER, type Manifest } from "./entry.ts";
import type { SourceOptions } from "./source.ts";
import { tryBinding } from "./try.ts";

/**
 * Runs the installer in a copy of the package, because it writes into its own folder. The new cache entry is in `work/ready`.
 * @throws Error with the reason
 */
export async function fromPrebuilt(work: string, { packageFolder, wanted, say }: SourceOptions): Promise<Manifest> {
  const { flavour, version, binding } = wanted;
  if (version !== undefined) throw new Error(`it does not provide TensorFlow ${version}, only the version it was published with.`);
  const copy = path.join(work, "package");
  cpSync(packageFolder, copy, { recursive: true, filter: (source) => !["deps", "lib", "build"].some((part) => source === path.join(packageFolder, part)) });
  const modules = path.resolve(packageFolder, "..", "..");
  say("Trying the binding's own download.");
  const { code, output } = await runCommand(process.execPath, [path.join(copy, "scripts", "install.js"), flavour === "cuda" ? "gpu" : "cpu", "download"], {
    cwd: copy,
    // The copy is outside node_modules, but needs the dependencies and programs there.
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
  makeFolder(ready);
  for (const part of ["deps", "lib"]) renameSync(path.join(copy, part), path.join(ready, part));
  return { version: (await tryBinding(ready)).version, flavour, binding };
}

/** The line of the installer's output that names the error. */
function reasonIn(output: string): string {
  return /^.*(?:Error|ENOTFOUND|ECONN|status code|issue downloading).*$/im.exec(output)?.[0].trim() ?? lastLine(output);
}
