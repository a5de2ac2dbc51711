/** `npm run package [-- options of electron-builder]`: the desktop application as files to install, for this system unless told otherwise; into `dist/`. */
import path from "node:path";
import { ensureElectron } from "../src-main/launcher/electron-program.ts";
import { lastLine, runCommand } from "../src-main/lib/commands.ts";
import { installation } from "../src-main/lib/places.ts";

const modules = path.join(installation, "node_modules");
const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function run(what: string, script: string, args: readonly string[]): Promise<void> {
  const { code, output } = await runCommand(process.execPath, [script, ...args], { cwd: installation });
  process.stdout.write(output);
  if (code !== 0) throw new Error(`${what}: ${/^\s*⨯ (.*)$/m.exec(output)?.[1] ?? (lastLine(output) || `exit code ${code}`)}`);
}

try {
  // First, since it takes seconds to see that it cannot be had. electron-builder fetches the same files again for other systems.
  await ensureElectron(say);
  say("Building the application.");
  await run("it does not build", path.join(modules, "electron-vite", "bin", "electron-vite.js"), ["build"]);
  say("Packing it; this takes minutes.");
  await run("electron-builder could not pack it", path.join(modules, "electron-builder", "cli.js"), ["--publish", "never", ...process.argv.slice(2)]);
} catch (error) {
  say(`The desktop application cannot be packed: ${error instanceof Error ? error.message : String(error)}.`);
  process.exitCode = 1;
}
