import { execFile } from "node:child_process";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cellSchemaText } from "../../scripts/schemas.ts";
import { initBackend } from "../../src-main/engine/backend/index.ts";
import { writeExport } from "../../src-main/export/index.ts";
import { loadTrained } from "../../src-main/export/network/load-network.ts";
import { installation } from "../../src-main/lib/places.ts";
import { exportOptionsSchema } from "../../src-shared/domain/records/exports.ts";
import { studioLogits } from "../engine/formats/support/exported.ts";
import { judgingPython } from "../engine/formats/support/python.ts";
import { type MadeProject, makeProject } from "./support/project.ts";

const run = promisify(execFile);
const found = await judgingPython();
const missing = "missing" in found ? found.missing : null;
if (missing !== null) process.stderr.write(`SKIPPED: the Python examples of docs/exports.md are not run: ${missing}\n`);

let root = "";
let made: MadeProject;
/** What every example must print: class and logit of the test pattern. */
let answer = { name: "", logit: "", probability: "" };
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ghn-exports-page-"));
  made = await makeProject(join(root, "project"));
  const source = { folder: made.project.folder, ...made.project.store };
  const subject = { type: "run", runId: made.pipeline } as const;
  await writeExport(source, subject, ["onnx", "pytorch", "weights-safetensors"], root, "winner");
  await writeExport(source, subject, ["onnx"], root, "winner-raw", { network: exportOptionsSchema.parse({ preprocessing: "raw" }) });
  const { network } = await loadTrained(join(root, "winner.safetensors"));
  const { mean, std } = network.normalisation;
  const [logits = new Float32Array(1)] = studioLogits(
    await initBackend(),
    network,
    Float32Array.from({ length: 64 }, (_, i) => ((i % 256) / 255 - (mean[0] ?? 0)) / (std[0] ?? 1)),
    1,
  );
  const best = logits.indexOf(Math.max(...logits));
  const sum = logits.reduce((total, value) => total + Math.exp(value - (logits[best] ?? 0)), 0);
  answer = { name: network.classNames[best] ?? "", logit: (logits[best] ?? 0).toFixed(3), probability: (1 / sum).toFixed(3) };
  for (const { name, text } of examples()) writeFileSync(join(root, name), text);
  symlinkSync(join(installation, "node_modules"), join(root, "node_modules"), "dir");
});
afterAll(async () => {
  made.project.close();
  await rm(root, { recursive: true, force: true });
});

/** Code blocks of docs/exports.md that begin with a file name. */
function examples(): { name: string; text: string }[] {
  const page = readFileSync(join(installation, "docs", "exports.md"), "utf8");
  return [...page.matchAll(/```(?:python|js)\n(?:#|\/\/) (\w+\.\w+)\n(.*?)```/gs)].map(([, name = "", text = ""]) => ({ name, text }));
}

/** The last digit may differ by rounding. */
function expectAnswer(printed: string, value: string): void {
  const [name, number] = printed.trim().split(" ");
  expect(name).toBe(answer.name);
  expect(Math.abs(Number(number) - Number(value))).toBeLessThanOrEqual(0.0011);
}

it("the JSON Schema of cells is that of the program", () => {
  expect(JSON.parse(readFileSync(join(installation, "docs", "cell.schema.json"), "utf8"))).toEqual(JSON.parse(cellSchemaText()));
});

describe("the examples of docs/exports.md", () => {
  it("are all there", () => {
    expect(examples().map(({ name }) => name)).toEqual([
      "onnx_example.py",
      "onnx_example.mjs",
      "pytorch_example.py",
      "manifest_example.py",
      "genotype_example.py",
    ]);
  });

  it("run in Node as printed", async () => {
    const { stdout } = await run(process.execPath, ["onnx_example.mjs"], { cwd: root });
    expectAnswer(stdout, answer.probability);
  });

  it.skipIf(missing !== null).each(["onnx_example.py", "pytorch_example.py", "manifest_example.py"])(
    `run in Python as printed: %s${missing === null ? "" : ` (${missing})`}`,
    async (name) => {
      if ("missing" in found) return;
      const { stdout } = await run(found.python, [name], { cwd: root });
      expectAnswer(stdout, answer.logit);
    },
    120_000,
  );

  it.skipIf(missing !== null)("run in Python as printed: genotype_example.py", async () => {
    if ("missing" in found) return;
    const candidate = made.project.store.candidates.list(made.search).rows.find(({ name }) => name === "Cell 8");
    const source = { folder: made.project.folder, ...made.project.store };
    await writeExport(source, { type: "candidate", space: "cell", candidateId: candidate?.id ?? -1 }, ["cell-genotype"], root, "winner");
    const { stdout } = await run(found.python, ["genotype_example.py"], { cwd: root });
    expect(stdout.trim().split(/\r?\n/)).toEqual([
      "state 2 = max_pool_3x3(state 1) + max_pool_3x3(state 0)",
      "state 3 = skip_connect(state 2) + none(state 0)",
      "state 4 = sep_conv_3x3(state 3) + none(state 0)",
      "output: [4]",
    ]);
  });

  it.skipIf(missing !== null)(
    "and ONNX's own checker accepts the models",
    async () => {
      if ("missing" in found) return;
      const check = "import onnx, sys\nfor name in sys.argv[1:]: onnx.checker.check_model(onnx.load(name), full_check=True)";
      await run(found.python, ["-c", check, "winner.onnx", "winner-raw.onnx"], { cwd: root });
    },
    120_000,
  );
});
