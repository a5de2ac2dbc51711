/**
 * Entry of `ghn-studio` and of the npm scripts: sees to TensorFlow before a command that computes and to the page before it is served, then hands over to the command line. Everything said here goes to
 * stderr, so that scripts read results only.
 */
import path from "node:path";
import { lastLine, runCommand } from "../lib/commands.ts";
import { installation } from "../lib/places.ts";
import { pageIsFresh } from "./build-state.ts";
import { ensureForComputing } from "./say.ts";

/** Commands that start runs, or from whose window runs are started. */
const COMPUTES = new Set(["demo", "run", "resume", "serve"]);

const args = process.argv.slice(2);
const command = args.find((argument) => !argument.startsWith("-"));
const asksForHelp = args.includes("--help") || args.includes("-h");
if (command !== undefined && COMPUTES.has(command) && !asksForHelp) await ensureForComputing();
if (command === "serve" && !asksForHelp && !pageIsFresh()) {
  process.stderr.write("Building the window, in some twenty seconds.\n");
  const vite = path.join(installation, "node_modules", "vite", "bin", "vite.js");
  const { code, output } = await runCommand(process.execPath, [vite, "build", "--config", "vite.renderer.config.ts", "--logLevel", "warn"], {
    cwd: installation,
  });
  if (code !== 0) process.stderr.write(`The window does not build: ${lastLine(output)}\n`);
}
await import("../cli.ts");
