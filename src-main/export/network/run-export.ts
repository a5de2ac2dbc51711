import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../lib/errors.ts";
import { isOutOfMemory } from "../../lib/out-of-memory.ts";
import type { ChildLauncher } from "../../runs/child/launcher.ts";
import { answerSchema, JOB_VARIABLE, type NetworkExportJob, type WrittenNetworkFile } from "./job.ts";

/**
 * Exports a network in a process of its own, so that the program itself loads no backend.
 * @param launcher starts export-worker
 * @param folder for the job's file; the caller removes it
 * @throws UserError as the export does, `export-memory` if memory ran out, and `export-crashed` if the process ends without an answer
 */
export async function runNetworkExport(launcher: ChildLauncher, job: NetworkExportJob, folder: string): Promise<readonly WrittenNetworkFile[]> {
  const file = join(folder, "job.json");
  await writeFile(file, JSON.stringify(job));
  return new Promise((resolve, reject) => {
    const child = launcher.launch({ [JOB_VARIABLE]: file });
    let output = "";
    child.onOutput((text) => {
      output = (output + text).slice(-4000);
    });
    child.onMessage((message) => {
      const { data: answer } = answerSchema.safeParse(message);
      if (answer === undefined) return;
      if (answer.type === "written") resolve(answer.files);
      else if (answer.type === "refused") {
        const { code, remedy, field, file: where } = answer.details;
        reject(new UserError(answer.message, { code, remedy, ...(field === undefined ? {} : { field }), ...(where === undefined ? {} : { file: where }) }));
      } else if (isOutOfMemory(answer.message)) reject(outOfMemory(answer.message));
      else reject(new Error(`The network could not be exported: ${answer.message}`));
      child.kill();
    });
    child.onExit(({ code, signal }) => {
      if (isOutOfMemory(output)) reject(outOfMemory(output));
      reject(
        new UserError(`The process that exports the network ended early (${signal ?? `exit status ${code}`}).`, {
          code: "export-crashed",
          remedy: "Close other programs if memory is short, and try again.",
          cause: output,
        }),
      );
    });
  });
}

function outOfMemory(cause: string): UserError {
  return new UserError("The export ran out of memory.", {
    code: "export-memory",
    remedy: "Check fewer test images (verifyImages), or close other programs, and try again.",
    cause,
  });
}
