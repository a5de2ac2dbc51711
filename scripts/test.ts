/**
 * `npm test`: prepares what the tests need, runs them and prints the counts on the last line. Arguments go to Vitest: `npm test -- tests/store -t archive`.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { CHROMIUM_VARIABLE } from "../src-main/doctor/chromium.ts";
import { buildIsFresh } from "../src-main/launcher/build-state.ts";
import { reportTensorFlow } from "../src-main/launcher/tensorflow-status.ts";
import { installation } from "../src-main/lib/places.ts";
import { ensureTensorFlow } from "../src-main/tensorflow-install/tensorflow.ts";
import { ensureChromium } from "./test/chromium.ts";
import { countLine, countTests, type TestCount } from "./test/report.ts";

const modules = path.join(installation, "node_modules");
const args = process.argv.slice(2);
const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Runs a Node program of this installation in this terminal. */
function run(program: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...program], { cwd: installation, stdio: "inherit", env });
    child.on("error", () => resolve(1));
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

/** Counts come from Vitest's JSON report: printed output may be cut off, but the report is either complete or missing. */
async function runTests(env: NodeJS.ProcessEnv): Promise<TestCount> {
  const folder = mkdtempSync(path.join(tmpdir(), "ghn-studio-tests-"));
  const report = path.join(folder, "report.json");
  try {
    const vitest = [path.join(modules, "vitest", "vitest.mjs"), "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const code = await run([...vitest, ...args], env);
    return existsSync(report) ? countTests(readFileSync(report, "utf8"), code) : { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Finds or installs Chromium, and builds the application. @returns the environment of the tests, and whether the build failed */
async function prepareBrowserTests(): Promise<{ readonly env: NodeJS.ProcessEnv; readonly buildFailed: boolean }> {
  const chromium = await ensureChromium(say);
  const found = "path" in chromium;
  if (!found) say(`Skipping the browser tests: ${chromium.reason}`);
  const env = { ...process.env, [CHROMIUM_VARIABLE]: found ? chromium.path : "", GHN_STUDIO_NO_CHROMIUM: found ? "" : chromium.reason };
  if (buildIsFresh()) return { env, buildFailed: false };
  say("Building the application for the browser tests.");
  const code = await run([path.join(modules, "electron-vite", "bin", "electron-vite.js"), "build", "--logLevel", "warn"], env);
  if (code !== 0) say("The build failed.");
  return { env, buildFailed: code !== 0 };
}

/** Test files and folders named on the command line. */
const named = args.filter((argument) => argument.includes("tests/"));
const needsBrowser = named.length === 0 || named.some((name) => name.includes("e2e") || name.includes("electron"));

reportTensorFlow(await ensureTensorFlow({ say }));
const { env, buildFailed } = needsBrowser ? await prepareBrowserTests() : { env: process.env, buildFailed: false };
const count = await runTests(env);
const total = buildFailed ? { ...count, failed: count.failed + 1 } : count;
process.exitCode = total.failed === 0 ? 0 : 1;
process.stdout.write(`\n${countLine(total)}\n`);
