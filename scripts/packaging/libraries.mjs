/**
 * In a checkout, TensorFlow's library is linked from the user's cache, but a package must contain the files. electron-builder packs what is in node_modules, so
 * the links are replaced with folders while it packs, and restored afterwards. If that is interrupted, the folders stay; they work too, and the next set-up
 * replaces them with links.
 */
import {
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const PARTS = ["deps", "lib"];
const NOTE = ".links.json";
const INSTALLED = fileURLToPath(new URL("../../node_modules/@tensorflow/tfjs-node-gpu", import.meta.url));

/** Replaces the links with folders. @returns the parts that are folders now */
export function materialise(packageFolder = INSTALLED) {
  /** @type {Record<string, string>} */
  const links = {};
  for (const part of PARTS) {
    const place = path.join(packageFolder, part);
    if (lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() !== true) continue;
    const target = readlinkSync(place);
    const fresh = `${place}.files`;
    rmSync(fresh, { recursive: true, force: true });
    copyTree(path.resolve(packageFolder, target), fresh);
    rmSync(place);
    renameSync(fresh, place);
    links[part] = target;
  }
  if (Object.keys(links).length > 0) writeFileSync(path.join(packageFolder, NOTE), JSON.stringify(links));
  return PARTS.filter((part) => existsSync(path.join(packageFolder, part)));
}

/** Restores the links. */
export function relink(packageFolder = INSTALLED) {
  const note = path.join(packageFolder, NOTE);
  if (!existsSync(note)) return;
  for (const [part, target] of Object.entries(JSON.parse(readFileSync(note, "utf8")))) {
    const place = path.join(packageFolder, part);
    rmSync(place, { recursive: true, force: true });
    symlinkSync(target, place, process.platform === "win32" ? "junction" : "dir");
  }
  rmSync(note);
}

/**
 * Copies a tree, with hard links where the file system supports them (the library takes 850 MB). Symbolic links stay links.
 * @param {string} source
 * @param {string} target
 */
function copyTree(source, target) {
  mkdirSync(target, { recursive: true });
  for (const entry of readdirSync(source, { withFileTypes: true })) {
    const [from, to] = [path.join(source, entry.name), path.join(target, entry.name)];
    if (entry.isDirectory()) copyTree(from, to);
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
