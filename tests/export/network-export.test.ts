import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { initBackend } from "../../src-main/engine/backend/index.ts";
import { openDataset } from "../../src-main/engine/datasets/access/open.ts";
import { createWorkbench } from "../../src-main/engine/evaluation/workbench.ts";
import { onnxModel } from "../../src-main/engine/formats/onnx/model.ts";
import { decodeModel } from "../../src-main/engine/formats/onnx/proto.ts";
import { buildPlan } from "../../src-main/engine/spaces/cell/plan.ts";
import { type ExportProject, exportChoices, writeExport } from "../../src-main/export/index.ts";
import { referenceAnswers, verifyOnnx } from "../../src-main/export/network/verify.ts";
import { copyWeights } from "../../src-main/export/origin.ts";
import { datasetConfigSchema } from "../../src-shared/domain/dataset.ts";
import { exportOptionsSchema, verificationSentence } from "../../src-shared/domain/records/exports.ts";
import { randomArrays } from "../engine/formats/support/exported.ts";
import { type MadeProject, makeProject } from "./support/project.ts";
import { EXAMPLE_ARCHITECTURE, exampleManifest, networkBytes } from "./support/weights.ts";

let root = "";
let made: MadeProject;
let source: ExportProject;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ghn-network-export-"));
  made = await makeProject(join(root, "project"));
  source = { folder: made.project.folder, ...made.project.store };
});
afterAll(async () => {
  made.project.close();
  await rm(root, { recursive: true, force: true });
});

/** Exports the winner, whose weights file is replaced by `bytes` and recorded so. */
async function exportWith(bytes: Buffer, folder: string): Promise<ReturnType<typeof writeExport>> {
  const artifacts: ExportProject["artifacts"] = {
    latest: source.artifacts.latest,
    list: (id) =>
      source.artifacts.list(id).map((artifact) => ({
        ...artifact,
        sha256: createHash("sha256")
          .update(readFileSync(join(source.folder, artifact.path)))
          .digest("hex"),
      })),
  };
  const path = join(made.project.artifactFolder(made.final), "weights-1.safetensors");
  const before = readFileSync(path);
  writeFileSync(path, bytes);
  try {
    return await writeExport({ ...source, artifacts }, { type: "run", runId: made.pipeline }, ["onnx"], folder, "winner");
  } finally {
    writeFileSync(path, before);
  }
}

describe("an ONNX export", () => {
  it("is run on all test images, and says where the network comes from", async () => {
    const folder = join(root, "good");
    const [file] = await writeExport(source, { type: "run", runId: made.pipeline }, ["onnx"], folder, "winner");
    expect(file?.verification).toMatchObject({ outcome: "agrees", images: 360, agreeing: 360, complete: true });
    expect(readdirSync(folder)).toEqual(["winner.onnx"]);
    const bytes = readFileSync(join(folder, "winner.onnx"));
    expect(file).toMatchObject({ bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") });
    const facts = new Map(decodeModel(bytes).metadata_props.map(({ key, value }) => [key, value]));
    expect(facts.get("run")).toBe(made.pipeline);
    expect(facts.get("codeVersion")).toBe("test");
    expect(facts.get("testAccuracy")).toBe("0.971");
    const trainedBy = JSON.stringify(made.project.store.runs.record(made.final)?.config);
    expect(facts.get("configSha256")).toBe(createHash("sha256").update(trainedBy).digest("hex"));
    expect(JSON.parse(facts.get("architecture") ?? "")).toEqual(made.project.store.trainings.list(made.final)[1]?.architecture);
  });

  it("checks as many images as asked for, or none", async () => {
    const write = (verifyImages: number): ReturnType<typeof writeExport> =>
      writeExport(source, { type: "run", runId: made.pipeline }, ["onnx"], join(root, "some"), "x", { network: exportOptionsSchema.parse({ verifyImages }) });
    expect((await write(10))[0]?.verification).toMatchObject({ outcome: "agrees", images: 10, agreeing: 10, complete: false });
    expect((await write(0))[0]).not.toHaveProperty("verification");
  });

  it("says that it is not verified where the images are not those of the training", async () => {
    const { architecture } = made.project.store.trainings.list(made.final)[1] ?? { architecture: EXAMPLE_ARCHITECTURE };
    const manifest = { ...exampleManifest, architecture };
    const [file] = await exportWith(networkBytes(manifest, randomArrays(buildPlan(architecture, manifest.network, manifest.input))), join(root, "others"));
    if (file?.verification === undefined) throw new Error("There is no result.");
    expect(verificationSentence(file.verification)).toBe("Not verified: The dataset found here is not the one that the network was trained on.");
  });

  it("refuses weights that lack a tensor, or have one of another shape, and writes nothing", async () => {
    const { architecture } = made.project.store.trainings.list(made.final)[1] ?? { architecture: EXAMPLE_ARCHITECTURE };
    const manifest = { ...exampleManifest, architecture };
    const arrays = randomArrays(buildPlan(architecture, manifest.network, manifest.input));
    const bias = arrays.get("classifier/bias");
    arrays.delete("classifier/bias");
    await expect(exportWith(networkBytes(manifest, arrays), join(root, "bad"))).rejects.toThrow(/damaged: The array classifier\/bias is missing\./);
    arrays.set("classifier/bias", { shape: [1], values: (bias?.values ?? new Float32Array(1)).slice(0, 1) });
    await expect(exportWith(networkBytes(manifest, arrays), join(root, "bad"))).rejects.toThrow(/damaged: The array classifier\/bias has shape \[1\]/);
    expect(readdirSync(join(root, "bad"))).toEqual([]);
  });

  it("is offered for scored cells only if there is a GHN", async () => {
    const untrained = made.project.store.candidates.list(made.search).rows.find((candidate) => candidate.role === "none");
    const choices = await exportChoices(source, { type: "candidate", space: "cell", candidateId: untrained?.id ?? -1 });
    expect(choices.find(({ format }) => format === "onnx")).toMatchObject({ available: false, reason: expect.stringContaining("has not finished its GHN") });
  });

  it("with generated weights says what is wrong with the file of the GHN", async () => {
    const { store } = made.project;
    const path = join(made.project.artifactFolder(made.ghn), "ghn.safetensors");
    const ghn = Buffer.from("a GHN");
    const sha256 = createHash("sha256").update(ghn).digest("hex");
    store.artifacts.add(made.ghn, { kind: "ghn", name: "ghn.safetensors", path: `artifacts/${made.ghn}/ghn.safetensors`, bytes: ghn.length, sha256 });
    const [candidate] = store.candidates.list(made.search).rows;
    const write = () =>
      writeExport(source, { type: "candidate", space: "cell", candidateId: candidate?.id ?? -1 }, ["onnx"], join(root, "generated"), "x", {
        network: exportOptionsSchema.parse({ generatedWeights: true }),
      });
    const remedy = "Restore the file from a copy, or train the GHN again.";
    await expect(write()).rejects.toMatchObject({ code: "ghn-damaged", message: expect.stringMatching(/^The GHN file .* is missing\.$/), remedy });
    writeFileSync(path, "b GHN");
    await expect(write()).rejects.toMatchObject({ code: "ghn-damaged", message: expect.stringMatching(/^The GHN file .* has changed/), remedy, file: path });
  });

  it("of weights that are gone says so", async () => {
    const exported = (async () => {
      const [weights] = source.artifacts.list(made.final);
      if (weights === undefined) throw new Error("There are no weights.");
      return copyWeights(source, { ...weights, path: `artifacts/${made.final}/gone.safetensors` }, join(root, "copy.safetensors"));
    })();
    await expect(exported).rejects.toMatchObject({ code: "weights-missing", message: expect.stringContaining("gone.safetensors cannot be opened") });
  });
});

describe("verification", () => {
  it("refuses a model that computes something else, however small the change, and a file that is no model", async () => {
    const backend = await initBackend();
    const dataset = await openDataset({ id: "digits" }, { dataRoot: root });
    const bench = createWorkbench(backend, dataset, datasetConfigSchema.parse({ validationImages: 100 }));
    const plan = buildPlan(EXAMPLE_ARCHITECTURE, exampleManifest.network, bench.input);
    const { mean, std, classNames } = dataset;
    const network = { plan, arrays: randomArrays(plan), input: bench.input, normalisation: { mean, std }, classNames };
    const reference = await referenceAnswers(bench, network, 100);
    const options = { opset: 17, foldBatchNorm: true, preprocessing: "normalised" } as const;
    const file = join(root, "changed.onnx");
    const model = (arrays: typeof network.arrays): Uint8Array => onnxModel({ ...network, arrays }, options, { name: "x", producerVersion: "0", metadata: {} });
    writeFileSync(file, model(network.arrays));
    expect(await verifyOnnx(file, network, options, reference)).toMatchObject({ outcome: "agrees", images: 100 });
    const changed = new Map(network.arrays);
    const bias = changed.get("classifier/bias");
    changed.set("classifier/bias", { shape: bias?.shape ?? [], values: Float32Array.from(bias?.values ?? [], (value, i) => (i === 3 ? value + 0.01 : value)) });
    writeFileSync(file, model(changed));
    await expect(verifyOnnx(file, network, options, reference)).rejects.toThrow(/does not compute what the studio computes.*differ by up to 1\.0e-2/);
    writeFileSync(file, "no model");
    await expect(verifyOnnx(file, network, options, reference)).rejects.toThrow(/ONNX Runtime cannot load it/);
    const endless = {
      ...network,
      arrays: new Map([...network.arrays].map(([name, { shape, values }]) => [name, { shape, values: values.map(() => Number.NaN) }])),
    };
    writeFileSync(file, model(endless.arrays));
    await expect(referenceAnswers(bench, endless, 10).then((answers) => verifyOnnx(file, endless, options, answers))).rejects.toThrow(
      /differ by up to infinity/,
    );
  });
});
