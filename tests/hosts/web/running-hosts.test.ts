import { linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writePrivate } from "../../../src-main/hosts/web/running-hosts.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ghn-hosts-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a private file is replaced by another one, never emptied or removed in between", () => {
  const file = join(folder, "1-80.json");
  writePrivate(file, "old");
  // A reader that has the old file open.
  linkSync(file, join(folder, "reader"));
  writePrivate(file, "new");
  expect(readFileSync(join(folder, "reader"), "utf8")).toBe("old");
  expect(readFileSync(file, "utf8")).toBe("new");
  if (process.platform !== "win32") expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder).sort()).toEqual(["1-80.json", "reader"]);
});

test("a private file that cannot be replaced stays, without remains", () => {
  expect(() => writePrivate(join(folder, "missing", "1-80.json"), "new")).toThrow("ENOENT");
  expect(readdirSync(folder)).toEqual([]);
});
