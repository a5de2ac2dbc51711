import { mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { NetworkExportJob } from "../../src-main/export/network/job.ts";
import { runNetworkExport } from "../../src-main/export/network/run-export.ts";
import { nodeLauncher } from "../../src-main/runs/child/launcher.ts";

const folder = mkdtempSync(join(tmpdir(), "ghn-run-export-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What an export fails with whose process executes a program. */
function failureOf(program: string): Promise<unknown> {
  const script = join(folder, "program.mjs");
  writeFileSync(script, program);
  return runNetworkExport(nodeLauncher({ script }), {} as NetworkExportJob, folder).then(
    () => null,
    (error: unknown) => error,
  );
}

it("an export that runs out of memory says so, whether its process reports it or dies", async () => {
  const expected = { code: "export-memory", message: "The export ran out of memory." };
  expect(await failureOf('process.send({ type: "broken", message: "Error: OOM when allocating tensor with shape[4096,4096]" })')).toMatchObject(expected);
  expect(
    await failureOf('process.stderr.write("FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", () => process.exit(134))'),
  ).toMatchObject(expected);
});

it("an export whose process dies otherwise, or reports another error, says that", async () => {
  expect(await failureOf("process.exit(7)")).toMatchObject({ code: "export-crashed", message: expect.stringContaining("exit status 7") });
  expect(await failureOf('process.send({ type: "broken", message: "TypeError: x" })')).toMatchObject({
    message: "The network could not be exported: TypeError: x",
  });
});
