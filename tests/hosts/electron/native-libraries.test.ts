/** Native libraries of the packaged application: hashes written while packing, compared at the start. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { nativeHashes, writeNativeHashes } from "../../../scripts/packaging/native-hashes.mjs";
import { changedLibraries, HASHES_FILE, readHashes } from "../../../src-main/hosts/electron/native-libraries.ts";

let folder: string;
let packed: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ghn-native-"));
  // A real library, and one with a version in its name.
  const sqlite = dirname(createRequire(import.meta.url).resolve("better-sqlite3/package.json"));
  cpSync(sqlite, join(folder, "node_modules", "better-sqlite3"), { recursive: true, dereference: true });
  mkdirSync(join(folder, "node_modules", "@tensorflow", "lib"), { recursive: true });
  writeFileSync(join(folder, "node_modules", "@tensorflow", "lib", "libtensorflow.so.2.9.1"), "library");
  mkdirSync(join(folder, "node_modules", "electron", "dist"), { recursive: true });
  writeFileSync(join(folder, "node_modules", "electron", "dist", "libffmpeg.so"), "not packed");
  packed = join(folder, "app.asar.unpacked");
  cpSync(join(folder, "node_modules"), join(packed, "node_modules"), { recursive: true, filter: (source) => !source.includes("/electron") });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("an unchanged package starts; changed and added libraries are named, missing ones and other files are not", async () => {
  writeNativeHashes("linux", {}, folder);
  const hashes = await readHashes(join(folder, "out", "main", HASHES_FILE));
  if (hashes === null) throw new Error("There are no hashes.");
  expect(Object.keys(hashes)).toContain("node_modules/@tensorflow/lib/libtensorflow.so.2.9.1");
  expect(Object.keys(hashes).some((name) => name.endsWith(".node"))).toBe(true);
  expect(Object.keys(hashes).some((name) => name.includes("electron"))).toBe(false);
  expect(await changedLibraries(packed, hashes)).toEqual([]);

  const library = Object.keys(hashes).find((name) => name.endsWith(".node")) ?? "";
  const bytes = readFileSync(join(packed, library));
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
  writeFileSync(join(packed, library), bytes);
  writeFileSync(join(packed, "node_modules", "better-sqlite3", "extra.node"), "added");
  writeFileSync(join(packed, "node_modules", "better-sqlite3", "readme.md"), "changed");
  rmSync(join(packed, "node_modules", "@tensorflow"), { recursive: true });
  expect(await changedLibraries(packed, hashes)).toEqual([library, "node_modules/better-sqlite3/extra.node"].sort());
});

test("a signed package for macOS has no hashes, because signing changes the libraries; damaged hashes are an error", async () => {
  writeNativeHashes("darwin", {}, folder);
  const file = join(folder, "out", "main", HASHES_FILE);
  expect(await readHashes(file)).toEqual(nativeHashes(folder));
  writeNativeHashes("darwin", { CSC_LINK: "certificate.p12" }, folder);
  expect(await readHashes(file)).toBeNull();
  writeFileSync(file, "{");
  await expect(readHashes(file)).rejects.toThrow();
});
