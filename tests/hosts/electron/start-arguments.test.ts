/** Folders named at the start, by a second instance, and before the application is ready; reloads after crashes. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ReloadLimit } from "../../../src-main/hosts/electron/reload-limit.ts";
import { foldersIn, foldersOfInstance, OpenRequests } from "../../../src-main/hosts/electron/start-arguments.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ghn-arguments-"));
  mkdirSync(join(folder, "project"));
  writeFileSync(join(folder, "file"), "");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("relative folders are those of the caller; switches, files and missing folders are ignored", () => {
  const project = join(folder, "project");
  expect(foldersIn(["--flag", "project", "file", "missing", "", project], folder)).toEqual([project, project]);
  expect(foldersIn(["project"], tmpdir())).toEqual([]);
});

test("a second instance's own data count, and its arguments only if they are from another version", () => {
  const project = join(folder, "project");
  expect(foldersOfInstance({ folders: ["/a"] }, ["project"], folder)).toEqual(["/a"]);
  for (const data of [undefined, null, "x", { folders: [1] }]) expect(foldersOfInstance(data, ["--enable-x", "project"], folder)).toEqual([project]);
});

test("folders requested before the windows are ready are opened then, each once", () => {
  const requests = new OpenRequests();
  const opened: (readonly string[])[] = [];
  requests.add(["/a"]);
  requests.add(["/a", "/b"]);
  expect(requests.take()).toEqual(["/a", "/b"]);
  // While the windows are being opened.
  requests.add(["/c"]);
  requests.begin((folders) => opened.push(folders));
  requests.add([]);
  expect(opened).toEqual([["/c"], []]);
});

test("a page that keeps crashing is reloaded three times a minute", () => {
  const limit = new ReloadLimit();
  expect([0, 1000, 2000, 3000].map((time) => limit.allows(time))).toEqual([true, true, true, false]);
  expect(limit.allows(70_000)).toBe(true);
  for (let time = 71_000; time < 75_000; time += 1000) limit.allows(time);
  limit.reset();
  expect(limit.allows(76_000)).toBe(true);
});
