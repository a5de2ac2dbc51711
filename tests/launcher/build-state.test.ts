import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { buildIsFresh, pageIsFresh } from "../../src-main/launcher/build-state.ts";
import { temporaryFolder } from "../tensorflow-install/support/folder.ts";

it("considers a build fresh until one of its sources changes", () => {
  const root = temporaryFolder();
  const write = (file: string, seconds: number): void => {
    const place = path.join(root, file);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, "");
    utimesSync(place, seconds, seconds);
    for (let folder = path.dirname(place); folder !== root; folder = path.dirname(folder)) utimesSync(folder, seconds, seconds);
  };
  write("src-renderer/pages/A.vue", 100);
  write("src-main/engine/a.ts", 100);
  expect([buildIsFresh(root), pageIsFresh(root)]).toEqual([false, false]);
  write("out/renderer/index.html", 200);
  expect([buildIsFresh(root), pageIsFresh(root)]).toEqual([false, true]);
  write("out/main/main.js", 200);
  write("out/preload/preload.cjs", 200);
  expect([buildIsFresh(root), pageIsFresh(root)]).toEqual([true, true]);
  write("src-main/engine/b.ts", 300);
  expect([buildIsFresh(root), pageIsFresh(root)]).toEqual([false, true]);
  write("src-renderer/pages/B.vue", 300);
  expect([buildIsFresh(root), pageIsFresh(root)]).toEqual([false, false]);
});
