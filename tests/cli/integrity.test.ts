/** Files of runs that changed after they were written, or hold values that are not numbers: refused wherever they are used. */
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { projectOpener } from "../../src-main/api/project-opener.ts";
import { completeConfig } from "../../src-main/config/load-config.ts";
import { readSafetensors, writeSafetensors } from "../../src-main/engine/formats/safetensors.ts";
import { entryPath } from "../../src-main/lib/entries.ts";
import { nodeLauncher } from "../../src-main/runs/child/launcher.ts";
import { viewProject } from "../../src-main/store/project/project.ts";
import { runQuerySchema } from "../../src-shared/domain/records/run-history.ts";
import { tamper } from "../store/support/damage.ts";
import { cli } from "./support/cli.ts";
import { sets, TINY } from "./support/tiny.ts";

let folder: string;
let project: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ghn-integrity-"));
  const run = await cli(["run", "demo", "--project", join(folder, "pristine"), "--set", "compute.backend=wasm", ...sets(TINY)], { cwd: folder });
  expect(run).toMatchObject({ code: 0 });
}, 180_000);
beforeEach(() => {
  project = mkdtempSync(join(folder, "project-"));
  cpSync(join(folder, "pristine"), project, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const command = (...args: readonly string[]): ReturnType<typeof cli> => cli([...args, "--project", project], { cwd: folder });
const score = (): ReturnType<typeof cli> => command("cells", "score", "darts-v2", "--ghn", "demo");

/** Absolute path of a file of the run, by its name, with its path in the project. */
function fileOf(pattern: RegExp): { readonly file: string; readonly path: string } {
  for (const run of readdirSync(join(project, "artifacts")))
    for (const name of readdirSync(join(project, "artifacts", run)))
      if (pattern.test(name)) return { file: join(project, "artifacts", run, name), path: `artifacts/${run}/${name}` };
  throw new Error(`There is no file ${pattern}.`);
}

function flipLastByte(file: string): void {
  const data = readFileSync(file);
  data[data.length - 1] = (data.at(-1) ?? 0) ^ 1;
  writeFileSync(file, data);
}

/** Replaces one value by NaN and records the new checksum, as a run would that wrote it. */
async function spoil({ file, path }: { readonly file: string; readonly path: string }): Promise<void> {
  const { tensors, metadata } = await readSafetensors(file);
  const [first] = tensors.values();
  if (first === undefined) throw new Error("The file has no tensors.");
  first.values[0] = Number.NaN;
  await writeSafetensors(file, tensors, metadata);
  const data = readFileSync(file);
  tamper(project, `UPDATE artifacts SET bytes = ${data.length}, sha256 = '${createHash("sha256").update(data).digest("hex")}' WHERE path = '${path}'`);
}

describe("the GHN of a search", () => {
  test("that changed by one bit is refused, on the command line and in the window", async () => {
    const ghn = fileOf(/^ghn.*safetensors$/);
    flipLastByte(ghn.file);
    const scored = await score();
    expect(scored.code).toBe(3);
    expect(scored.stderr).toContain(`The GHN file ${ghn.path}`);
    expect(scored.stderr).toContain("its checksum does not match");
    const opened = await projectOpener(nodeLauncher({ script: entryPath("run-worker") })).open(project);
    try {
      const search = opened.store.runs.query(runQuerySchema.parse({ kind: ["search"] })).rows.at(-1);
      const config = opened.store.runs.record(search?.id ?? "")?.config;
      if (config === undefined) throw new Error("There is no search.");
      const { id } = opened.commands.create("Again", completeConfig(config, [], "the test"), []);
      await expect.poll(() => opened.store.runs.get(id)?.status, { timeout: 30_000 }).toBe("failed");
      expect(opened.store.runs.get(id)?.failure?.message).toContain("its checksum does not match");
    } finally {
      await opened.close(10_000);
    }
  });

  test("that was cut off or is gone is refused", async () => {
    const { file } = fileOf(/^ghn.*safetensors$/);
    writeFileSync(file, readFileSync(file).subarray(0, 1000));
    expect((await score()).stderr).toMatch(/has 1000 bytes instead of \d+/);
    rmSync(file);
    const scored = await score();
    expect(scored.code).toBe(3);
    expect(scored.stderr).toContain("is missing");
  });

  test("with a value that is not a number is refused", async () => {
    await spoil(fileOf(/^ghn.*safetensors$/));
    const scored = await score();
    expect(scored.code).toBe(3);
    expect(scored.stderr).toContain("values that are not finite numbers");
  });
});

describe("trained weights", () => {
  test("that changed, or with a value that is not a number, are not exported", async () => {
    const view = viewProject(project);
    const stages = view.store.runs.children(view.store.runs.newest()?.id ?? "");
    const weights = stages.flatMap(({ id }) => view.store.artifacts.list(id)).filter(({ kind }) => kind === "weights");
    view.close();
    const files = weights.map(({ path }) => ({ path, file: join(project, path) }));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) await spoil(file);
    const out = join(project, "out");
    const spoiled = await command("export", "last", "--format", "weights-safetensors", "--out", out);
    expect(spoiled.code).toBe(1);
    expect(spoiled.stderr).toContain("is not finite");
    for (const { file } of files) flipLastByte(file);
    const changed = await command("export", "last", "--format", "weights-safetensors", "--out", out);
    expect(changed.code).toBe(1);
    expect(changed.stderr).toContain("their checksum does not match");
    expect(readdirSync(out)).toEqual([]);
  });
});
