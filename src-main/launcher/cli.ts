/**
 * Entry of `ghn-studio` and the npm scripts. Sets TensorFlow up before commands that compute, builds the renderer before it is served, then runs the command
 * line. Messages go to stderr, so that stdout holds results only.
 */
import path from "node:path";
import { lastLine, runCommand } from "../lib/commands.ts";
import { installation } from "../lib/places.ts";
import { pageIsFresh } from "./build-state.ts";
import { ensureForComputing } from "./tensorflow-status.ts";

/** Commands that start runs, directly or through the window. */
const COMPUTES = new Set(["demo", "run", "resume", "serve", "study", "transfer"]);
/** Subcommands of `cells` that start runs. */
const CELLS_COMPUTE = ["train", "score"];

const args = process.argv.slice(2);
const command = args.find((argument) => !argument.startsWith("-"));
const asksForHelp = args.includes("--help") || args.includes("-h");
const computes = command !== undefined && (COMPUTES.has(command) || (command === "cells" && CELLS_COMPUTE.some((name) => args.includes(name))));
if (computes && !asksForHelp) await ensureForComputing();
if (command === "serve" && !asksForHelp && !pageIsFresh()) {
  process.stderr.write("Building the window. This takes about 20 seconds.\n");
  const vite = path.join(installation, "node_modules", "vite", "bin", "vite.js");
  const { code, output } = await runCommand(process.execPath, [vite, "build", "--config", "vite.renderer.config.ts", "--logLevel", "warn"], {
    cwd: installation,
  });
  if (code !== 0) process.stderr.write(`The window could not be built: ${lastLine(output)}\n`);
}
await import("../cli.ts");
