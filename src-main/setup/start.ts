/** `npm start`: builds the desktop application and opens it; Electron's binary is fetched on first use. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { lastLine, runCommand } from "./commands.ts";
import { installation } from "./places.ts";
import { sayTensorFlow } from "./say.ts";
import { ensureTensorFlow } from "./tensorflow.ts";

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const electron = path.join(installation, "node_modules", "electron");

/** Path of Electron's binary once it is there. */
function binary(): string | null {
  const named = path.join(electron, "path.txt");
  if (!existsSync(named)) return null;
  const file = path.join(electron, "dist", readFileSync(named, "utf8").trim());
  return existsSync(file) ? file : null;
}

async function ensureElectron(): Promise<string | null> {
  if (binary() !== null) return null;
  if (!existsSync(electron)) return "npm has not brought the package electron; run npm ci without --omit=dev.";
  say("Fetching Electron (about 120 MB), once.");
  const { code, output } = await runCommand(process.execPath, [path.join(electron, "install.js")], { cwd: electron, timeoutMs: 900_000 });
  if (binary() !== null) return null;
  return `Electron's binary cannot be fetched (${lastLine(output) || `exit code ${code}`}).`;
}

sayTensorFlow(await ensureTensorFlow({ say }));
const problem = await ensureElectron();
if (problem !== null) {
  say(`${problem}\nThe same window opens in a browser: npm run serve`);
  process.exitCode = 1;
} else {
  const args = ["preview", "--", ...process.argv.slice(2)];
  // Electron's sandbox does not run as root.
  if (process.getuid?.() === 0) args.push("--no-sandbox");
  const child = spawn(process.execPath, [path.join(installation, "node_modules", "electron-vite", "bin", "electron-vite.js"), ...args], { cwd: installation, stdio: "inherit" });
  child.on("exit", (code) => {
    process.exitCode = code ?? 1;
  });
}
