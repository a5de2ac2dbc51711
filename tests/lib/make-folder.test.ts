import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { writeFileAtomic } from "../../src-main/lib/files.ts";
import { makeFolder } from "../../src-main/lib/make-folder.ts";

const root = mkdtempSync(join(tmpdir(), "ghn-make-folder-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

it("creates what is missing, with the mode, and accepts what exists", () => {
  makeFolder(join(root, "a", "b", "c"), 0o700);
  makeFolder(join(root, "a", "b", "c"));
  expect(statSync(join(root, "a", "b", "c")).mode & 0o777).toBe(0o700);
});

it("says which folder cannot be created", () => {
  writeFileSync(join(root, "file"), "");
  expect(() => makeFolder(join(root, "file"))).toThrow("EEXIST");
  expect(() => makeFolder(join(root, "file", "below"))).toThrow("ENOTDIR");
});

it.skipIf(!existsSync("/proc/self"))("ends where the system says that a folder does not exist although its parent does", async () => {
  expect(() => makeFolder("/proc/nowhere/a/b")).toThrow(/ENOENT.*\/proc\/nowhere/);
  await expect(writeFileAtomic("/proc/nowhere/a/file", Buffer.from("x"))).rejects.toMatchObject({ code: "not-writable" });
});
