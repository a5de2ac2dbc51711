import { expect, it } from "vitest";
import { packagesUnder } from "../../scripts/notices/lockfile-tree.ts";

const LOCKFILE = {
  packages: {
    "": { dependencies: { a: "1" } },
    "node_modules/a": { version: "1.0.0", license: "MIT", dependencies: { b: "1", "@types/b": "1" }, optionalDependencies: { "@s/native": "1", absent: "1" } },
    "node_modules/a/node_modules/b": { version: "1.0.0", license: "ISC", dependencies: { c: "1" } },
    "node_modules/b": { version: "2.0.0", dependencies: { a: "1" } },
    "node_modules/c": { version: "3.0.0", license: "MIT", dependencies: { b: "2" } },
    "node_modules/@s/native": { version: "1.0.0", license: "LGPL-3.0-or-later", optional: true },
    "node_modules/@types/b": { version: "1.0.0", license: "MIT" },
    "node_modules/unused": { version: "1.0.0", license: "MIT" },
  },
};

it("follows dependencies as Node resolves them, and leaves out types and what is not installed", () => {
  expect(packagesUnder(LOCKFILE, ["a"])).toEqual([
    { name: "@s/native", folder: "node_modules/@s/native", version: "1.0.0", license: "LGPL-3.0-or-later", optional: true },
    { name: "a", folder: "node_modules/a", version: "1.0.0", license: "MIT", optional: false },
    { name: "b", folder: "node_modules/a/node_modules/b", version: "1.0.0", license: "ISC", optional: false },
    { name: "b", folder: "node_modules/b", version: "2.0.0", license: undefined, optional: false },
    { name: "c", folder: "node_modules/c", version: "3.0.0", license: "MIT", optional: false },
  ]);
});
