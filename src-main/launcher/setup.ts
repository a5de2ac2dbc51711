/** `npm run setup [-- --force]`: TensorFlow for this installation. Fails where only wasm remains, so that scripts can tell. */

import { ensureTensorFlow } from "../tensorflow-install/tensorflow.ts";
import { sayTensorFlow } from "./say.ts";

const unknown = process.argv.slice(2).filter((argument) => argument !== "--force");
if (unknown.length > 0) {
  process.stderr.write(`Unknown argument ${unknown.join(" ")}. Usage: npm run setup [-- --force]\n`);
  process.exitCode = 2;
} else {
  const result = await ensureTensorFlow({ force: process.argv.includes("--force"), say: (text) => process.stderr.write(`${text}\n`) });
  sayTensorFlow(result);
  process.exitCode = result.state === "ready" ? 0 : 1;
}
