/**
 * Entry of `ghn-studio` and of the npm scripts: sees to TensorFlow before a command that computes, then hands over to the command line. Everything said here goes to
 * stderr, so that scripts read results only.
 */
import { ensureForComputing } from "./say.ts";

/** Commands that start runs, or from whose window runs are started. */
const COMPUTES = new Set(["demo", "run", "resume", "serve"]);

const args = process.argv.slice(2);
const command = args.find((argument) => !argument.startsWith("-"));
const asksForHelp = args.includes("--help") || args.includes("-h");
if (command !== undefined && COMPUTES.has(command) && !asksForHelp) await ensureForComputing();
await import("../cli.ts");
