/** `npm start [-- folder]`: opens the desktop application. Builds it when its sources are younger, and fetches Electron's program at its first use. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import path from "node:path";
import { buildIsFresh } from "./build-state.ts";
import { lastLine, runCommand } from "./commands.ts";
import { installedVersion } from "./doctor-compute.ts";
import { electronBinary } from "./doctor-machine.ts";
import { installation } from "./places.ts";
import { ensureForComputing } from "./say.ts";

const modules = path.join(installation, "node_modules");
const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Electron's program, fetched if need be. @throws Error with the reason why it cannot be had */
async function ensureElectron(): Promise<string> {
  const here = electronBinary();
  if (here !== null) return here;
  const version = installedVersion("electron");
  if (version === null) throw new Error("the package electron is not installed (npm ci without --omit=dev brings it)");
  say(`Fetching Electron ${version} (about 120 MB), once.`);
  const { code, output } = await runCommand(process.execPath, [path.join(modules, "electron", "install.js")], {
    cwd: path.join(modules, "electron"),
    timeoutMs: 900_000,
  });
  const fetched = electronBinary();
  if (fetched === null)
    throw new Error(`Electron's program cannot be fetched: ${/^.*Error:? .*$/m.exec(output)?.[0].trim() || lastLine(output) || `exit code ${code}`}`);
  return fetched;
}

async function start(): Promise<number> {
  if (process.platform === "linux" && !process.env["DISPLAY"] && !process.env["WAYLAND_DISPLAY"]) throw new Error("this session has no display");
  const electron = await ensureElectron();
  await ensureForComputing();
  if (!buildIsFresh()) {
    say("Building the application.");
    const { code, output } = await runCommand(process.execPath, [path.join(modules, "electron-vite", "bin", "electron-vite.js"), "build"], {
      cwd: installation,
    });
    if (code !== 0) throw new Error(`it does not build: ${output.trim()}`);
  }
  // Electron's own sandbox does not work as root.
  const args = [installation, ...process.argv.slice(2), ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])];
  const child = spawn(electron, args, { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  return await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 1 : constants.signals[signal])));
  });
}

try {
  process.exitCode = await start();
} catch (error) {
  say(`The desktop application cannot be opened: ${error instanceof Error ? error.message : String(error)}.`);
  say("The same window opens in a browser: npm run serve");
  process.exitCode = 1;
}
