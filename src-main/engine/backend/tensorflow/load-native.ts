/**
 * Loads the TensorFlow binding into this process. A module of its own, imported only when TensorFlow is wanted, because loading takes half a second and 350 MB, and
 * because TensorFlow reads its environment variables at that moment.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import { nodeRequire } from "../ops/tf.ts";
import { OWN_KERNELS_FILE } from "./own-kernels-file.ts";

const PACKAGE = "@tensorflow/tfjs-node-gpu";

/**
 * Registers the `tensorflow` backend with tfjs.
 *
 * @throws Error whose first line says what is missing, when TensorFlow was not set up here or its library cannot be loaded
 */
export function loadNativeTensorFlow(): void {
  restoreRemovedUtilities();
  const folder = packageFolder();
  if (!existsSync(path.join(folder, "lib"))) throw new Error("The TensorFlow library is not set up in this installation; `npm run setup` does it.");
  try {
    nodeRequire(PACKAGE);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`The TensorFlow library does not load (${reason.split("\n", 1)[0]}); \`npm run setup -- --force\` builds it anew.`, { cause: error });
  }
}

/**
 * Loads the studio's own kernels beside the binding, once it is loaded. Their file's name changes with their source.
 * @returns false where the set-up has not compiled them, or they do not load
 */
export function loadOwnKernels(): boolean {
  try {
    nodeRequire(path.join(packageFolder(), OWN_KERNELS_FILE));
    return true;
  } catch {
    return false;
  }
}

/** tfjs-node 4.22 calls two functions of `node:util` that Node 23 took away. */
function restoreRemovedUtilities(): void {
  const util = nodeRequire("node:util") as Record<string, unknown>;
  util["isNullOrUndefined"] ??= (value: unknown): boolean => value === null || value === undefined;
  util["isArray"] ??= Array.isArray;
}

function packageFolder(): string {
  try {
    return path.dirname(nodeRequire.resolve(`${PACKAGE}/package.json`));
  } catch (error) {
    throw new Error(`The package ${PACKAGE} is not installed; \`npm ci\` brings it.`, { cause: error });
  }
}
