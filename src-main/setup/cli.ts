/** Entry of `ghn-studio` and of the npm scripts: sees to TensorFlow where a command computes, then hands over to the command line. */
import { sayTensorFlow } from "./say.ts";
import { ensureTensorFlow } from "./tensorflow.ts";

const COMPUTES = new Set(["demo", "run", "resume", "serve", "study"]);
const command = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
const asksForHelp = process.argv.some((argument) => argument === "--help" || argument === "-h");
if (command !== undefined && COMPUTES.has(command) && !asksForHelp) sayTensorFlow(await ensureTensorFlow({ say: (text) => void process.stderr.write(`${text}\n`) }));
await import("../cli.ts");
