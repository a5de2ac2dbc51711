/** `npm test`: brings what the tests need, runs them and counts them in the last line. Arguments go to Vitest (file names, `-t`). */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { CHROMIUM_VARIABLE, ensureChromium } from "../src-main/doctor/chromium.ts";
import { buildIsFresh } from "../src-main/launcher/build-state.ts";
import { sayTensorFlow } from "../src-main/launcher/say.ts";
import { installation } from "../src-main/lib/places.ts";
import { ensureTensorFlow } from "../src-main/tensorflow-install/tensorflow.ts";
import { countLine, countTests, type TestCount } from "./test-report.ts";

const modules = path.join(installation, "node_modules");
const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Runs a program of this installation on this Node and with this terminal. */
function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...args], { cwd: installation, stdio: "inherit", env });
    child.on("error", () => resolve(1));
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

/** Runs the tests and reads Vitest's own report of them: what it prints may be cut, the report is whole or not there. */
async function runTests(env: NodeJS.ProcessEnv): Promise<TestCount> {
  const folder = mkdtempSync(path.join(tmpdir(), "ghn-studio-tests-"));
  const report = path.join(folder, "report.json");
  try {
    const args = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...process.argv.slice(2)];
    const code = await run([path.join(modules, "vitest", "vitest.mjs"), ...args], env);
    return existsSync(report) ? countTests(readFileSync(report, "utf8"), code) : { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

sayTensorFlow(await ensureTensorFlow({ say }));
const chromium = await ensureChromium(say);
const found = "path" in chromium;
if (!found) say(`End-to-end tests in a browser are skipped: ${chromium.reason}`);
const env: NodeJS.ProcessEnv = { ...process.env, [CHROMIUM_VARIABLE]: found ? chromium.path : "", GHN_STUDIO_NO_CHROMIUM: found ? "" : chromium.reason };

let broken = 0;
if (!buildIsFresh()) {
  say("Building the application, for the tests in a browser.");
  broken = await run([path.join(modules, "electron-vite", "bin", "electron-vite.js"), "build", "--logLevel", "warn"], env);
  if (broken !== 0) say("The application does not build.");
}
const count = await runTests(env);
const total = broken === 0 ? count : { ...count, failed: count.failed + 1 };
process.exitCode = total.failed === 0 ? 0 : 1;
process.stdout.write(`\n${countLine(total)}\n`);
