/** `npm run check`: all checks of the sources that do not run them. Exit code 1 if any step fails. */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import path from "node:path";
import { installation } from "../src-main/lib/places.ts";

interface Step {
  readonly title: string;
  /** Arguments of Node: a program and its arguments. */
  readonly args: readonly string[];
}

const module = (...parts: string[]): string => path.join(installation, "node_modules", ...parts);
const script = (...parts: string[]): string => path.join(installation, "scripts", ...parts);
const colors = process.stdout.isTTY;

const STEPS: readonly Step[] = [
  { title: "Types: shared code", args: [module("typescript-native", "bin", "tsc"), "-p", "tsconfig.shared.json"] },
  { title: "Types: main process", args: [module("typescript-native", "bin", "tsc"), "-p", "tsconfig.json"] },
  { title: "Types: window", args: [module("vue-tsc", "bin", "vue-tsc.js"), "-p", "tsconfig.web.json"] },
  { title: "Types: tests", args: [module("typescript-native", "bin", "tsc"), "-p", "tsconfig.tests.json"] },
  { title: "Lint and format", args: [module("@biomejs", "biome", "bin", "biome"), "ci", "--max-diagnostics=50", `--colors=${colors ? "force" : "off"}`] },
  { title: "Imports: layers and cycles", args: [script("checks", "dependencies.ts")] },
  { title: "Lockfile", args: [script("lockfile.ts"), "--check"] },
  { title: "Third-party notices", args: [script("notices.ts"), "--check"] },
  { title: "Unused files, exports and dependencies", args: [module("knip", "bin", "knip.js"), "--no-progress"] },
  {
    title: "Files and dependencies that only tests use",
    args: [module("knip", "bin", "knip.js"), "--no-progress", "--production", "--include", "files,dependencies"],
  },
];

/** Runs a step and collects its output. */
function run({ args }: Step): Promise<{ readonly passed: boolean; readonly output: string }> {
  return new Promise((resolve) => {
    let output = "";
    const gather = (chunk: Buffer): void => {
      output += chunk.toString("utf8");
    };
    const child = spawn(process.execPath, [...args], { cwd: installation, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.on("data", gather);
    child.stderr.on("data", gather);
    child.on("error", (error) => resolve({ passed: false, output: `${output}${error.message}\n` }));
    child.on("close", (code) => resolve({ passed: code === 0, output }));
  });
}

const waiting = [...STEPS];
const failed: string[] = [];

async function worker(): Promise<void> {
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
    const started = performance.now();
    const { passed, output } = await run(step);
    if (!passed) failed.push(step.title);
    process.stdout.write(`${passed ? "✓" : "✗"} ${step.title} (${((performance.now() - started) / 1000).toFixed(0)} s)\n${passed ? "" : output}`);
  }
}

await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, worker));
process.stdout.write(failed.length === 0 ? "All checks passed.\n" : `${failed.length} of ${STEPS.length} checks failed: ${failed.join("; ")}.\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
