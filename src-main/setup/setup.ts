/** `npm run setup`: TensorFlow for this installation. */
import { ensureTensorFlow } from "./tensorflow.ts";
import { sayTensorFlow } from "./say.ts";

const result = await ensureTensorFlow({ force: process.argv.includes("--force"), say: (text) => process.stderr.write(`${text}\n`) });
sayTensorFlow(result);
