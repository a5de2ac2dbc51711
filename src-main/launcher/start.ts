/** `npm start [-- folder]`: opens the desktop application. Builds it if its sources changed, and downloads Electron on first use. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import path from "node:path";
import { runCommand } from "../lib/commands.ts";
import { installation } from "../lib/places.ts";
import { buildIsFresh } from "./build-state.ts";
import { ensureElectron } from "./electron-program.ts";
import { ensureForComputing } from "./tensorflow-status.ts";

const modules = path.join(installation, "node_modules");
const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function start(): Promise<number> {
  if (process.platform === "linux" && !process.env["DISPLAY"] && !process.env["WAYLAND_DISPLAY"]) throw new Error("this session has no display");
  const electron = await ensureElectron(say);
  await ensureForComputing();
  if (!buildIsFresh()) {
    say("Building the application.");
    const { code, output } = await runCommand(process.execPath, [path.join(modules, "electron-vite", "bin", "electron-vite.js"), "build"], {
      cwd: installation,
    });
    if (code !== 0) throw new Error(`the build failed: ${output.trim()}`);
  }
  // npm runs scripts in the folder of the package; folders are relative to that of the caller.
  const caller = process.env["INIT_CWD"] ?? process.cwd();
  const given = process.argv.slice(2).map((argument) => (argument.startsWith("-") ? argument : path.resolve(caller, argument)));
  // Electron's sandbox does not work for root.
  const args = [installation, ...given, ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])];
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
  say(`The desktop application could not be opened: ${error instanceof Error ? error.message : String(error)}.`);
  say("Open the same window in a browser instead: npm run serve");
  process.exitCode = 1;
}
