/** `npm run package [-- electron-builder options]`: builds installers of the desktop application into `dist/`, for this platform by default. */
import path from "node:path";
import { ensureElectron } from "../src-main/launcher/electron-program.ts";
import { lastLine, runCommand } from "../src-main/lib/commands.ts";
import { installation } from "../src-main/lib/places.ts";

const modules = path.join(installation, "node_modules");
const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function run(failure: string, script: string, args: readonly string[]): Promise<void> {
  const { code, output } = await runCommand(process.execPath, [script, ...args], { cwd: installation });
  process.stdout.write(output);
  if (code !== 0) throw new Error(`${failure}: ${/^\s*⨯ (.*)$/m.exec(output)?.[1] ?? (lastLine(output) || `exit code ${code}`)}`);
}

try {
  // Checked first, because a failed download shows within seconds. electron-builder downloads Electron again for other platforms.
  await ensureElectron(say);
  say("Building the application.");
  await run("the build failed", path.join(modules, "electron-vite", "bin", "electron-vite.js"), ["build"]);
  say("Packaging. This takes minutes.");
  await run("electron-builder failed", path.join(modules, "electron-builder", "cli.js"), ["--publish", "never", ...process.argv.slice(2)]);
} catch (error) {
  say(`The desktop application could not be packaged: ${error instanceof Error ? error.message : String(error)}.`);
  process.exitCode = 1;
}
