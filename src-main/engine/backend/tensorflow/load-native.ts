/**
 * Loads the TensorFlow binding into this process. A separate module that is imported only when TensorFlow is used, because loading takes half a second and 350 MB and
 * because TensorFlow reads its environment variables at that moment.
 */
import { realpathSync } from "node:fs";
import path from "node:path";
import { nodeRequire } from "../ops/tf.ts";
import { libraryProblem, ownKernelsDamaged } from "./library-problem.ts";
import { OWN_KERNELS_FILE } from "./own-kernels-file.ts";

const PACKAGE = "@tensorflow/tfjs-node-gpu";

/**
 * Registers the `tensorflow` backend with tfjs.
 *
 * @throws Error if TensorFlow is not set up or cannot be loaded; the first line of its message states the reason
 */
export function loadNativeTensorFlow(): void {
  restoreRemovedUtilities();
  const folder = packageFolder();
  const problem = libraryProblem(folder);
  if (problem !== null) throw new Error(problem);
  try {
    nodeRequire(PACKAGE);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`The TensorFlow library does not load (${reason.split("\n", 1)[0]}); rebuild it with \`npm run setup -- --force\`.`, { cause: error });
  }
}

/**
 * Loads the project's own kernels; the binding must be loaded already.
 * @returns false if they have not been compiled by the set-up, or do not load
 */
export function loadOwnKernels(): boolean {
  try {
    const folder = packageFolder();
    if (ownKernelsDamaged(path.dirname(realpathSync(path.join(folder, "lib"))))) return false;
    nodeRequire(path.join(folder, OWN_KERNELS_FILE));
    return true;
  } catch {
    return false;
  }
}

/** tfjs-node 4.22 calls two functions of `node:util` that Node 23 removed. */
function restoreRemovedUtilities(): void {
  const util = nodeRequire("node:util") as Record<string, unknown>;
  util["isNullOrUndefined"] ??= (value: unknown): boolean => value === null || value === undefined;
  util["isArray"] ??= Array.isArray;
}

function packageFolder(): string {
  try {
    return path.dirname(nodeRequire.resolve(`${PACKAGE}/package.json`));
  } catch (error) {
    throw new Error(`The package ${PACKAGE} is not installed; run \`npm ci\`.`, { cause: error });
  }
}
