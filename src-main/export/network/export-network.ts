/** Exports one network: loads or generates it, writes its files, and checks them. Runs in a process of its own, because it loads a backend. */
import { basename } from "node:path";
import type { Verification } from "../../../src-shared/domain/records/exports.ts";
import { backendChoice } from "../../engine/backend/backend-choice.ts";
import { type Backend, initBackend } from "../../engine/backend/index.ts";
import { datasetRef } from "../../engine/datasets/access/dataset-ref.ts";
import { locationsIn } from "../../engine/datasets/access/locations.ts";
import { openDataset, openIndex } from "../../engine/datasets/access/open.ts";
import { createStreamBench } from "../../engine/evaluation/stream-bench.ts";
import { createWorkbench, type TrainingBench, type Workbench } from "../../engine/evaluation/workbench.ts";
import { type OnnxOptions, onnxModel } from "../../engine/formats/onnx/model.ts";
import { pytorchModule } from "../../engine/formats/pytorch/module.ts";
import { writeSafetensors } from "../../engine/formats/safetensors.ts";
import { isUserError, UserError } from "../../lib/errors.ts";
import { writeFileAtomic } from "../../lib/files.ts";
import type { NetworkExportJob, NetworkFile, WrittenNetworkFile } from "./job.ts";
import { generateNetwork, type LoadedNetwork, loadTrained } from "./load-network.ts";
import { type ReferenceAnswers, referenceAnswers, verifyOnnx } from "./verify.ts";

/** @throws UserError; then some files may have been written */
export async function exportNetwork(job: NetworkExportJob): Promise<WrittenNetworkFile[]> {
  const backend = await initBackend(backendChoice(job.config.compute));
  if (job.source.from === "ghn") {
    const bench = await openBench(backend, job);
    try {
      if (!("trainBatches" in bench)) throw new Error("A search does not stream its images.");
      const loaded = await generateNetwork(bench, job.config, job.source.file, job.source.architecture);
      return await writeAll(job, loaded, () => Promise.resolve(bench));
    } finally {
      await close(bench);
    }
  }
  const loaded = await loadTrained(job.source.file);
  let opened: Bench | null = null;
  try {
    return await writeAll(job, loaded, async () => {
      opened = await openBench(backend, job);
      return opened;
    });
  } finally {
    if (opened !== null) await close(opened);
  }
}

type Bench = Workbench | (TrainingBench & { close(): Promise<void> });

async function writeAll(job: NetworkExportJob, loaded: LoadedNetwork, bench: () => Promise<Bench>): Promise<WrittenNetworkFile[]> {
  for (const file of job.files) await write(job, file, loaded);
  const checked = job.files.some(({ format }) => format === "onnx") && job.verifyImages > 0;
  const reference = checked ? await answersOf(job, loaded, bench) : null;
  const written: WrittenNetworkFile[] = [];
  for (const file of job.files) {
    if (file.format === "pytorch") {
      for (const path of [file.module, file.weights]) written.push({ path, format: file.format, verification: null });
      continue;
    }
    const { path, format, options } = file;
    written.push({ path, format, verification: reference === null ? null : await verification(path, options, loaded, reference) });
  }
  return written;
}

async function verification(
  path: string,
  options: OnnxOptions,
  { network }: LoadedNetwork,
  reference: ReferenceAnswers | { readonly reason: string },
): Promise<Verification> {
  return "reason" in reference ? { outcome: "unchecked", reason: reference.reason } : verifyOnnx(path, network, options, reference);
}

async function write(job: NetworkExportJob, file: NetworkFile, { network, fingerprint, description, origin }: LoadedNetwork): Promise<void> {
  const metadata = {
    ...job.provenance,
    datasetFingerprint: fingerprint,
    weights: origin,
    architecture: JSON.stringify(description.architecture),
    network: JSON.stringify(description.network),
    classNames: JSON.stringify(network.classNames),
    input: JSON.stringify(network.input),
    normalisation: JSON.stringify(network.normalisation),
  };
  if (file.format === "onnx") {
    await writeFileAtomic(file.path, onnxModel(network, file.options, { name: job.name, producerVersion: job.version, metadata }));
    return;
  }
  const about = [
    `${job.name}, exported by ${job.provenance["program"] ?? "GHN Studio"}.`,
    "",
    `From: ${job.provenance["source"] ?? "unknown"}`,
    `Weights: ${origin}.`,
    `Dataset fingerprint: ${fingerprint}`,
  ];
  const { text, state } = pytorchModule(network, { about, weightsFile: basename(file.weights) });
  await writeFileAtomic(file.module, Buffer.from(text));
  await writeSafetensors(file.weights, state, { ...metadata, format: "pt" });
}

/** The studio's answers on test images, or why there are none. */
async function answersOf(
  job: NetworkExportJob,
  { network, fingerprint }: LoadedNetwork,
  open: () => Promise<Bench>,
): Promise<ReferenceAnswers | { readonly reason: string }> {
  let bench: Bench;
  try {
    bench = await open();
  } catch (error) {
    if (isUserError(error)) return { reason: `The test images cannot be read. ${error.message}` };
    throw error;
  }
  if (bench.dataset.fingerprint !== fingerprint) return { reason: "The dataset found here is not the one that the network was trained on." };
  const { height, width, channels, classes } = bench.input;
  const { input } = network;
  if (height !== input.height || width !== input.width || channels !== input.channels || classes !== input.classes)
    return { reason: "The images found here have another size than those that the network was trained on." };
  return referenceAnswers(bench, network, job.verifyImages);
}

/** The images of the run. */
async function openBench(backend: Backend, { config: { dataset }, dataFolders, config }: NetworkExportJob): Promise<Bench> {
  const locations = locationsIn(dataFolders, dataset.id);
  if (dataset.streamed !== true) return createWorkbench(backend, await openDataset(datasetRef(dataset), locations), dataset);
  return createStreamBench(backend, await openIndex(datasetRef(dataset), locations), dataset, {
    threads: config.compute.readers,
    onDamaged: (sentence) => {
      throw new UserError(sentence, { code: "image-broken", remedy: "Repair the file." });
    },
  });
}

async function close(bench: Bench): Promise<void> {
  if ("close" in bench) await bench.close();
}
