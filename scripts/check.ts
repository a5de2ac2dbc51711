/** `npm run check`: types, lint and format. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { installation } from "../src-main/lib/places.ts";

const module = (...parts: string[]): string => path.join(installation, "node_modules", ...parts);
const steps: readonly (readonly [string, readonly string[]])[] = [
  ["Types: shared code", [module("typescript-native", "bin", "tsc"), "-p", "tsconfig.shared.json"]],
  ["Types: main process", [module("typescript-native", "bin", "tsc"), "-p", "tsconfig.json"]],
  ["Types: window", [module("vue-tsc", "bin", "vue-tsc.js"), "-p", "tsconfig.web.json"]],
  ["Types: tests", [module("typescript-native", "bin", "tsc"), "-p", "tsconfig.tests.json"]],
  ["Lint and format", [module("@biomejs", "biome", "bin", "biome"), "ci", "--max-diagnostics=50", ...(process.stdout.isTTY ? [] : ["--colors=off"])]],
];
let failed = 0;
for (const [title, args] of steps) {
  process.stdout.write(`${title}\n`);
  const { status } = spawnSync(process.execPath, [...args], { cwd: installation, stdio: "inherit" });
  if (status !== 0) failed += 1;
}
process.stdout.write(failed === 0 ? "All checks passed.\n" : `${failed} of ${steps.length} checks failed.\n`);
process.exitCode = failed === 0 ? 0 : 1;
