/** `npm run setup [-- --force]`: sets TensorFlow up for this installation. Exit code 1 if only wasm is available. */
import { ensureTensorFlow } from "../tensorflow-install/tensorflow.ts";
import { reportTensorFlow } from "./tensorflow-status.ts";

const unknown = process.argv.slice(2).filter((argument) => argument !== "--force");
if (unknown.length > 0) {
  process.stderr.write(`Unknown argument: ${unknown.join(" ")}. Usage: npm run setup [-- --force]\n`);
  process.exitCode = 2;
} else {
  const result = await ensureTensorFlow({ force: process.argv.includes("--force"), say: (text) => process.stderr.write(`${text}\n`) });
  reportTensorFlow(result);
  process.exitCode = result.state === "ready" ? 0 : 1;
}
