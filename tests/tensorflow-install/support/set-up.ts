/** A set-up in a separate process: `set-up.ts <cache> <package folder> <go | hang>`. Prints `working` from inside the source, and the result on the last line. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ensureTensorFlow } from "../../../src-main/tensorflow-install/tensorflow.ts";
import { fromThisInstallation } from "./real-entry.ts";

const [cache = "", packageFolder = "", mode = "go"] = process.argv.slice(2);
const result = await ensureTensorFlow({
  cache,
  packageFolder,
  flavour: "cpu",
  say: (text) => process.stdout.write(`${text}\n`),
  sources: {
    pip: async (work, options) => {
      process.stdout.write("working\n");
      mkdirSync(path.join(work, "ready"), { recursive: true });
      writeFileSync(path.join(work, "ready", "half"), "half a library");
      if (mode === "hang") await new Promise<never>(() => setInterval(() => undefined, 1000));
      return fromThisInstallation(work, options);
    },
    prebuilt: () => Promise.reject(new Error("not here.")),
  },
});
process.stdout.write(`${JSON.stringify(result)}\n`);
