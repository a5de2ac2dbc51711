import { cpSync, linkSync, mkdirSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Manifest } from "../../../src-main/tensorflow-install/entries/entry.ts";
import type { SourceOptions } from "../../../src-main/tensorflow-install/entries/source.ts";
import { installedTensorFlow } from "../../../src-main/tensorflow-install/tensorflow.ts";

/** A package folder as npm installs it, before the set-up. */
export function freshPackage(root: string, name = "package"): string {
  const folder = path.join(root, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name: "@tensorflow/tfjs-node-gpu", version: "4.22.0" }));
  return folder;
}

/** A source that copies the library and binding of this installation instead of downloading them. */
export async function fromThisInstallation(work: string, { wanted }: SourceOptions): Promise<Manifest> {
  const installed = installedTensorFlow();
  if (installed === null) throw new Error("TensorFlow is not set up in this installation.");
  for (const part of ["deps", "lib"]) copy(path.join(installed.folder, part), path.join(work, "ready", part));
  return { version: wanted.version ?? installed.manifest.version, flavour: wanted.flavour, binding: wanted.binding };
}

function copy(source: string, target: string): void {
  mkdirSync(target, { recursive: true });
  for (const entry of readdirSync(source, { withFileTypes: true })) {
    const [from, to] = [path.join(source, entry.name), path.join(target, entry.name)];
    if (entry.isDirectory()) copy(from, to);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
    else {
      try {
        linkSync(from, to);
      } catch {
        cpSync(from, to);
      }
    }
  }
}
