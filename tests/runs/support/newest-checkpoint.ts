/** Looks for the newest intact checkpoint of a run as another user, who cannot read every file. Prints the result as JSON. */

import { isUserError } from "../../../src-main/lib/errors.ts";
import { newestGoodCheckpoint } from "../../../src-main/runs/attempt/checkpoints.ts";
import { openProject } from "../../../src-main/store/project/project.ts";

const [folder = "", runId = ""] = process.argv.slice(2);
const project = openProject(folder);
const damaged: number[] = [];
try {
  const found = await newestGoodCheckpoint(project, runId, ({ step }) => damaged.push(step));
  process.send?.({ found: found?.step ?? null, damaged });
} catch (error) {
  process.send?.({ code: isUserError(error) ? error.code : String(error), message: error instanceof Error ? error.message : "", damaged });
} finally {
  project.close();
  process.disconnect?.();
}
