/** `npm test`: brings what the tests need, runs them and counts them in a last line. Arguments go to Vitest (file names, `-t`). */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ensureChromium } from "./chromium.ts";
import { installation } from "./places.ts";
import { sayTensorFlow } from "./say.ts";
import { ensureTensorFlow } from "./tensorflow.ts";
import { countLine, countTests } from "./test-report.ts";

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Runs a program with this terminal. */
function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...args], { cwd: installation, stdio: "inherit", env });
    child.on("error", () => resolve(1));
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

sayTensorFlow(await ensureTensorFlow({ say }));
const chromium = await ensureChromium(say);
if (chromium.path === null) say(`End-to-end tests in a browser are skipped: ${chromium.reason}`);
const env: NodeJS.ProcessEnv = { ...process.env, ...(chromium.path === null ? { GHN_STUDIO_NO_CHROMIUM: chromium.reason } : { GHN_STUDIO_CHROMIUM: chromium.path }) };

say("Building the window.");
const built = await run([path.join(installation, "node_modules", "electron-vite", "bin", "electron-vite.js"), "build", "--logLevel", "warn"], env);
if (built !== 0) say("The window does not build; the tests that need it will fail.");

const folder = mkdtempSync(path.join(tmpdir(), "ghn-studio-tests-"));
const report = path.join(folder, "report.json");
const code = await run(
  [path.join(installation, "node_modules", "vitest", "vitest.mjs"), "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...process.argv.slice(2)],
  env,
);
let line: string;
let failed = code !== 0 || built !== 0;
if (existsSync(report)) {
  const count = countTests(readFileSync(report, "utf8"));
  const broken = built === 0 ? count : { ...count, failed: count.failed + 1 };
  failed ||= broken.failed > 0;
  line = countLine(broken.failed === 0 && failed ? { ...broken, failed: 1 } : broken);
} else line = countLine({ passed: 0, failed: 1, skipped: 0 });
rmSync(folder, { recursive: true, force: true });
process.stdout.write(`\n${line}\n`);
process.exitCode = failed ? 1 : 0;
