/** Writes the hashes of all native libraries for src-main/hosts/electron/native-libraries.ts, which compares them when the packaged application starts. */
import { createHash } from "node:crypto";
import { closeSync, existsSync, lstatSync, mkdirSync, openSync, readdirSync, readSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** The same pattern as in native-libraries.ts. */
const LIBRARY = /\.(?:node|dll|dylib|wasm|so(?:\.[\d.]+)?)$/;
/** Packages that are never packed. */
const SKIPPED = /^(?:electron|electron-.*|node-(?:bin-)?(?:linux|darwin|win)-.*|\..*)$/;

/**
 * Hashes of the libraries below `node_modules`.
 * @param {string} root folder with `node_modules`
 * @returns {Record<string, string>} SHA-256 by path relative to the folder
 */
export function nativeHashes(root = ROOT) {
  /** @type {Record<string, string>} */
  const hashes = {};
  /** @param {string} folder @param {boolean} isTop */
  const walk = (folder, isTop) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const place = path.join(folder, entry.name);
      if (isTop && SKIPPED.test(entry.name)) continue;
      if (entry.isDirectory()) walk(place, false);
      else if (LIBRARY.test(entry.name) && existsSync(place)) hashes[path.relative(root, place).replaceAll(path.sep, "/")] = sha256(place);
    }
  };
  const modules = path.join(root, "node_modules");
  if (lstatSync(modules, { throwIfNoEntry: false }) !== undefined) walk(modules, true);
  return hashes;
}

/**
 * Writes them next to the built main process, which is packed into the archive. Signing for macOS changes libraries after they were packed; then the
 * signature covers them, and there are no hashes.
 * @param {string} platform
 * @param {NodeJS.ProcessEnv} environment
 */
export function writeNativeHashes(platform, environment = process.env, root = ROOT) {
  const file = path.join(root, "out", "main", "native-libraries.json");
  rmSync(file, { force: true });
  if (platform === "darwin" && (environment["CSC_LINK"] || environment["CSC_NAME"])) return;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(nativeHashes(root)));
}

/** @param {string} file */
function sha256(file) {
  const hash = createHash("sha256");
  const buffer = Buffer.alloc(2 ** 20);
  const descriptor = openSync(file, "r");
  try {
    for (let bytes = readSync(descriptor, buffer); bytes > 0; bytes = readSync(descriptor, buffer)) hash.update(buffer.subarray(0, bytes));
  } finally {
    closeSync(descriptor);
  }
  return hash.digest("hex");
}
