/** Entry of the process that exports networks. */
import { readFile } from "node:fs/promises";
import { isUserError } from "../../lib/errors.ts";
import { exportNetwork } from "./export-network.ts";
import { type ExportAnswer, JOB_VARIABLE, type NetworkExportJob } from "./job.ts";

const { parentPort } = process as { parentPort?: { postMessage(message: unknown): void } | null };
const post = (answer: ExportAnswer): void => {
  if (parentPort !== undefined && parentPort !== null) parentPort.postMessage(answer);
  else process.send?.(answer);
};

// The program that requested the files is gone.
process.on("disconnect", () => process.exit());

try {
  const job = JSON.parse(await readFile(process.env[JOB_VARIABLE] ?? "", "utf8")) as NetworkExportJob;
  post({ type: "written", files: await exportNetwork(job) });
} catch (error) {
  if (isUserError(error)) {
    const { code, remedy, field, file } = error;
    post({
      type: "refused",
      message: error.message,
      details: { code, remedy, ...(field === undefined ? {} : { field }), ...(file === undefined ? {} : { file }) },
    });
  } else post({ type: "broken", message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}
process.disconnect?.();
