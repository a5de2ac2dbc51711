import { lstatSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { materialise, relink } from "../../scripts/packaging/libraries.mjs";
import { temporaryFolder } from "../tensorflow-install/support/folder.ts";

it.skipIf(process.platform === "win32")("replaces links with files while packaging, and restores them afterwards", () => {
  const root = temporaryFolder();
  const [cache, installed] = [path.join(root, "cache"), path.join(root, "package")];
  mkdirSync(path.join(cache, "deps", "lib"), { recursive: true });
  mkdirSync(path.join(cache, "lib", "napi-v8"), { recursive: true });
  mkdirSync(installed);
  writeFileSync(path.join(cache, "deps", "lib", "libtensorflow_cc.so.2"), "library");
  symlinkSync("libtensorflow_cc.so.2", path.join(cache, "deps", "lib", "libtensorflow.so"));
  writeFileSync(path.join(cache, "lib", "napi-v8", "tfjs_binding.node"), "binding");
  for (const part of ["deps", "lib"]) symlinkSync(path.join(cache, part), path.join(installed, part));

  expect(materialise(installed)).toEqual(["deps", "lib"]);
  expect(lstatSync(path.join(installed, "deps")).isDirectory()).toBe(true);
  expect(readFileSync(path.join(installed, "deps", "lib", "libtensorflow.so"), "utf8")).toBe("library");
  expect(readlinkSync(path.join(installed, "deps", "lib", "libtensorflow.so"))).toBe("libtensorflow_cc.so.2");
  expect(materialise(installed)).toEqual(["deps", "lib"]);

  relink(installed);
  expect(readlinkSync(path.join(installed, "lib"))).toBe(path.join(cache, "lib"));
  expect(readFileSync(path.join(cache, "lib", "napi-v8", "tfjs_binding.node"), "utf8")).toBe("binding");
  relink(installed);
});

it("does nothing if TensorFlow is not set up", () => {
  expect(materialise(temporaryFolder())).toEqual([]);
});
