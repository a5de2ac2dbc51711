/**
 * electron-builder calls this with the packed application. In a checkout TensorFlow's library is links into the user's cache; a package carries the files themselves, so
 * that it needs no set-up. A package for another system than this one goes without, and computes with wasm.
 */
import { cpSync, existsSync, realpathSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGE = path.join("node_modules", "@tensorflow", "tfjs-node-gpu");
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Copies what the links lead to into the unpacked part of the application. @returns folders copied */
export function copyLibraries(resources, root = ROOT) {
  const target = path.join(resources, "app.asar.unpacked", PACKAGE);
  const copied = [];
  for (const part of ["deps", "lib"]) {
    const source = path.join(root, PACKAGE, part);
    if (!existsSync(source)) continue;
    // Links inside, from one library to the next, stay links where the system has them.
    cpSync(realpathSync(source), path.join(target, part), { recursive: true, verbatimSymlinks: true });
    copied.push(part);
  }
  return copied;
}

export default async function afterPack(context) {
  if (context.electronPlatformName !== process.platform) {
    process.stderr.write(`TensorFlow's library for ${context.electronPlatformName} is not on this machine; this package will compute with wasm.\n`);
    return;
  }
  const resources =
    context.electronPlatformName === "darwin"
      ? path.join(context.appOutDir, `${context.packager.appInfo.productFilename}.app`, "Contents", "Resources")
      : path.join(context.appOutDir, "resources");
  if (copyLibraries(resources).length === 0) process.stderr.write("TensorFlow is not set up here (npm run setup); this package will compute with wasm.\n");
}
