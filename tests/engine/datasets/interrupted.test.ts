import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { removeInterrupted, temporaryName } from "../../../src-main/engine/datasets/install/interrupted.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ghn-interrupted-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** No process has this pid. */
const DEAD = `(4999999,1,${hostname()})x`;

it("leaves what a living process or another machine is writing, and removes what a dead one left", () => {
  const living = temporaryName("incoming", "x");
  for (const name of [living, `.incoming-${DEAD}`, ".incoming-(1,1,elsewhere)x", ".incoming-old", "pets"]) mkdirSync(join(folder, name));
  const long = new Date(Date.now() - 2 * 86_400_000);
  utimesSync(join(folder, ".incoming-old"), long, long);
  removeInterrupted(folder);
  expect(readdirSync(folder).sort()).toEqual([".incoming-(1,1,elsewhere)x", living, "pets"].sort());
  removeInterrupted(join(folder, "missing"));
});

it("puts old data back whose replacement was killed before the new data had its name", () => {
  for (const name of ["replaced", "lost"]) {
    mkdirSync(join(folder, `.retired-${DEAD}${name}`, name), { recursive: true });
    writeFileSync(join(folder, `.retired-${DEAD}${name}`, name, "old"), "");
  }
  mkdirSync(join(folder, "replaced"));
  removeInterrupted(folder);
  expect(readdirSync(folder).sort()).toEqual(["lost", "replaced"]);
  expect(existsSync(join(folder, "lost", "old"))).toBe(true);
  expect(existsSync(join(folder, "replaced", "old"))).toBe(false);
});

it("handles every leftover, also where another one is a file", () => {
  for (const name of [`.retired-${DEAD}file`, `.incoming-${DEAD}file`]) writeFileSync(join(folder, name), "");
  mkdirSync(join(folder, `.retired-${DEAD}pets`, "pets"), { recursive: true });
  expect(removeInterrupted(folder)).toEqual([]);
  expect(readdirSync(folder)).toEqual(["pets"]);
});

it("leaves what cannot be moved, says why, and handles the other leftovers", () => {
  const name = `.retired-${DEAD}a`;
  mkdirSync(join(folder, name, "pets"), { recursive: true });
  // A link to itself cannot be resolved, so that what would be put back cannot be checked.
  symlinkSync("pets", join(folder, "pets"));
  mkdirSync(join(folder, `.retired-${DEAD}b`, "cats"), { recursive: true });
  expect(removeInterrupted(folder)).toEqual([expect.stringContaining("ELOOP")]);
  expect(readdirSync(folder).sort()).toEqual([name, "cats", "pets"]);
});
