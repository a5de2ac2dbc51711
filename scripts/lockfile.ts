/**
 * `npm run lockfile` after `npm install`; part of `npm run check` with `--check`. Removes the Node versions required by packages from package-lock.json.
 * npm compares them with the Node that runs npm, which runs none of the packages: their scripts are disabled (.npmrc), and every program of this project
 * runs on Node 24, which npm installs as a package. All these warnings (a page of them on Node 20) would be wrong. The requirement for npm's own Node is
 * in package.json.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { installation } from "../src-main/lib/places.ts";

interface Lockfile {
  readonly packages: Readonly<Record<string, { engines?: unknown }>>;
}

const file = path.join(installation, "package-lock.json");
const lockfile = JSON.parse(readFileSync(file, "utf8")) as Lockfile;
const asking = Object.entries(lockfile.packages).filter(([name, entry]) => name !== "" && entry.engines !== undefined);
if (!process.argv.includes("--check")) {
  for (const [, entry] of asking) delete entry.engines;
  writeFileSync(file, `${JSON.stringify(lockfile, null, 2)}\n`);
} else if (asking.length > 0) {
  process.stdout.write(`package-lock.json names Node versions for ${asking.length} packages (${asking[0]?.[0]}, …). Run "npm run lockfile".\n`);
  process.exitCode = 1;
}
