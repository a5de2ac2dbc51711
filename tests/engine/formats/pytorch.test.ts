import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, initBackend, type Tensor1D, type Tensor4D, tf } from "../../../src-main/engine/backend/index.ts";
import { countCorrect, lossAndGradients } from "../../../src-main/engine/backend/ops/gradients.ts";
import { pytorchModule } from "../../../src-main/engine/formats/pytorch/module.ts";
import { writeSafetensors } from "../../../src-main/engine/formats/safetensors.ts";
import { forward } from "../../../src-main/engine/network/forward.ts";
import type { BuiltPlan } from "../../../src-main/engine/network/program.ts";
import { VariableWeights } from "../../../src-main/engine/network/weights.ts";
import { Rng } from "../../../src-main/engine/random.ts";
import { planOfModel } from "../../../src-main/engine/spaces/anytime/model.ts";
import { buildAnytimePlan } from "../../../src-main/engine/spaces/anytime/plan.ts";
import { sampleAnytime } from "../../../src-main/engine/spaces/anytime/sampler.ts";
import { buildPlan } from "../../../src-main/engine/spaces/cell/plan.ts";
import { publishedCells } from "../../../src-main/engine/spaces/cell/published.ts";
import { sampleCell } from "../../../src-main/engine/spaces/cell/sampler.ts";
import { ANYTIME_OPERATIONS, msdNetSchema, resNetSchema } from "../../../src-shared/domain/architecture/anytime.ts";
import { type NetworkInput, networkConfigSchema } from "../../../src-shared/domain/architecture/network.ts";
import { ALL_OPERATIONS } from "../../../src-shared/domain/architecture/operations.ts";
import { searchSpaceSchema } from "../../../src-shared/domain/architecture/search-space.ts";
import { anytimeSpaceSchema } from "../../../src-shared/domain/config/anytime-config.ts";
import { config } from "../network/support/networks.ts";
import { channelsFirst, largestDifference, randomImages, randomNetwork } from "./support/exported.ts";
import { judgingPython, runPython } from "./support/python.ts";

const found = await judgingPython();
const missing = "missing" in found ? found.missing : null;
if (missing !== null) process.stderr.write(`SKIPPED: exports to PyTorch are not judged: ${missing}\n`);

const ODD: NetworkInput = { height: 7, width: 10, channels: 2, classes: 3 };
const SMALL: NetworkInput = { height: 32, width: 32, channels: 3, classes: 10 };

let backend: Backend;
let folder = "";
beforeAll(async () => {
  backend = await initBackend();
  folder = await mkdtemp(join(tmpdir(), "ghn-pytorch-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Loads each module in a folder, strictly, and prints its logits, parameters and the order of its outputs. */
const JUDGE = `
import importlib.util, json, sys, torch
torch.set_grad_enabled(False)
def module(path):
    spec = importlib.util.spec_from_file_location("exported", path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded
results = []
for name in sys.argv[1:]:
    exported = module(name + "/network.py")
    network = exported.load(name + "/network.safetensors")
    pixels = torch.frombuffer(bytearray(open(name + "/pixels", "rb").read()), dtype=torch.uint8).reshape(json.load(open(name + "/shape")))
    outputs = network(exported.normalise(pixels))
    outputs = outputs if isinstance(outputs, list) else [outputs]
    first = next(network.exits(exported.normalise(pixels))) if hasattr(network, "exits") else outputs[0]
    assert torch.equal(first, outputs[0])
    # The file also loads with the library of its format.
    from safetensors.torch import load_file
    network.load_state_dict(load_file(name + "/network.safetensors"), strict=True)
    results.append({"parameters": sum(p.numel() for p in network.parameters()), "outputs": [o.flatten().tolist() for o in outputs]})
print(json.dumps(results))
`;

async function write(name: string, plan: BuiltPlan, count: number): Promise<{ expected: readonly Float32Array[]; plan: BuiltPlan }> {
  const { network, logits } = randomNetwork(backend, plan);
  const { pixels, images } = randomImages(network, count);
  const { text, state } = pytorchModule(network, { about: ["A test."], weightsFile: "network.safetensors" });
  await mkdir(join(folder, name));
  await writeFile(join(folder, name, "network.py"), text);
  await writeSafetensors(join(folder, name, "network.safetensors"), state, { format: "pt" });
  await writeFile(join(folder, name, "pixels"), pixels);
  const { height, width, channels } = network.input;
  await writeFile(join(folder, name, "shape"), JSON.stringify([count, height, width, channels]));
  return { expected: logits(images, count), plan };
}

describe.skipIf(missing !== null)(`PyTorch modules, run by PyTorch${missing === null ? "" : ` (${missing})`}`, { timeout: 300_000 }, () => {
  it("compute the studio's logits with the studio's number of parameters", async () => {
    const plans = new Map<string, BuiltPlan>();
    for (const operation of ALL_OPERATIONS) {
      const cell = { nodes: [{ operation, inputs: [0, 1] }] };
      plans.set(operation, buildPlan({ normal: cell }, config({ blocks: 3, reductions: [1, 2] }), ODD));
    }
    for (const stem of ["imagenet", "stride8"] as const)
      plans.set(
        stem,
        buildPlan({ normal: { nodes: [{ operation: "conv1x1", inputs: [0, 1] }] } }, config({ stem, factorizedDivisor: 1 }), { ...ODD, height: 34, width: 33 }),
      );
    const scales = ANYTIME_OPERATIONS.map((operation, i) => ({ operation, inputs: [i, i + 1], scale: i % 3, exit: i > 1 }));
    plans.set("anytime-operations", buildAnytimePlan({ scales: 3, cells: [{ nodes: scales }] }, { initialChannels: 3 }, ODD));
    plans.set("anytime", buildAnytimePlan(sampleAnytime(anytimeSpaceSchema.parse({}), Rng.fromSeed(5, "cells")), { initialChannels: 8 }, SMALL));
    plans.set(
      "msdnet",
      planOfModel(msdNetSchema.parse({ kind: "msdnet", exits: 4, channels: 8, growth: 4, classifierChannels: 16 }), { initialChannels: 8 }, SMALL),
    );
    plans.set("resnet", planOfModel(resNetSchema.parse({ kind: "resnet", blocks: 3, exitsAfter: [2], classifierChannels: 16 }), { initialChannels: 8 }, SMALL));
    plans.set(
      "paper",
      buildPlan({ normal: sampleCell(searchSpaceSchema.parse({ nodes: 17 }), Rng.fromSeed(9, "cell")) }, networkConfigSchema.parse({}), SMALL),
    );
    const { normal, reduction } = publishedCells().find(({ id }) => id === "amoebanet-a") ?? { normal: { nodes: [] }, reduction: undefined };
    const mobile = networkConfigSchema.parse({ blocks: 8, initialChannels: 16, reductions: [2, 5], stem: "stride8" });
    plans.set(
      "mobile",
      buildPlan({ normal, ...(reduction === undefined ? {} : { reduction }) }, mobile, { height: 224, width: 224, channels: 3, classes: 100 }),
    );

    const cases = new Map<string, Awaited<ReturnType<typeof write>>>();
    for (const [name, plan] of plans) cases.set(name, await write(name, plan, 2));
    if ("missing" in found) return;
    const results = JSON.parse(await runPython(found.python, JUDGE, folder, [...cases.keys()])) as { parameters: number; outputs: number[][] }[];
    [...cases].forEach(([name, { expected, plan }], i) => {
      const { parameters, outputs } = results[i] ?? { parameters: 0, outputs: [] };
      expect(parameters, name).toBe(plan.counts.parameters);
      expect(outputs.length, name).toBe(expected.length);
      expected.forEach((own, k) => {
        const scale = Math.max(1, ...own.map(Math.abs));
        expect(largestDifference(outputs[k] ?? [], own) / scale, name).toBeLessThan(1e-4);
      });
    });
  });

  it("train as the studio does: ten steps of SGD from the same state have the same losses", async () => {
    // No pooling of a pooling: its windows hold equal values up to rounding, so that the maximum could be any of them.
    const nodes = ALL_OPERATIONS.map((operation) => ({ operation, inputs: [0, 1] }));
    const input: NetworkInput = { height: 8, width: 8, channels: 1, classes: 4 };
    const plan = buildPlan({ normal: { nodes } }, config({ blocks: 2, initialChannels: 8 }), input);
    const { network } = randomNetwork(backend, plan);
    const [count, steps, rate] = [32, 10, 0.005];
    const { images } = randomImages(network, count);
    const labels = Int32Array.from({ length: count }, (_, i) => i % 4);
    const weights = new VariableWeights(plan, Rng.fromSeed(0, "unused"));
    weights.import(Object.fromEntries(network.arrays));
    const variables = weights.entries().map(({ variable }) => variable);
    const optimizer = backend.createSgd(
      variables.map((variable) => ({ variable })),
      { momentum: 0.9 },
    );
    const x = tf.tensor(images, [count, 8, 8, 1]) as Tensor4D;
    const y = tf.tensor1d(labels, "int32") as Tensor1D;
    const losses: number[] = [];
    for (let step = 0; step < steps; step++) {
      const { value, grads, correct } = lossAndGradients(variables, () => {
        const { logits } = forward(plan, backend.ops, weights, x, { statistics: "batch" });
        return { loss: backend.ops.softmaxCrossEntropy(logits, y).mean().asScalar(), correct: countCorrect(logits, y) };
      });
      losses.push(value.dataSync()[0] ?? Number.NaN);
      optimizer.apply(grads, rate);
      tf.dispose([value, correct]);
      tf.dispose(grads);
    }
    optimizer.dispose();
    weights.dispose();
    tf.dispose([x, y]);

    await mkdir(join(folder, "training"));
    const { text, state } = pytorchModule(network, { about: ["A test."], weightsFile: "network.safetensors" });
    await writeFile(join(folder, "training", "network.py"), text);
    await writeSafetensors(join(folder, "training", "network.safetensors"), state, { format: "pt" });
    await writeFile(join(folder, "training", "images"), Buffer.from(channelsFirst(images, input).buffer));
    if ("missing" in found) return;
    const program = `
import json, sys, torch
sys.path.insert(0, ".")
import network as exported
net = exported.load("network.safetensors").train()
images = torch.frombuffer(bytearray(open("images", "rb").read()), dtype=torch.float32).reshape(${count}, 1, 8, 8)
labels = torch.arange(${count}) % 4
optimizer = torch.optim.SGD(net.parameters(), lr=${rate}, momentum=0.9)
losses = []
for step in range(${steps}):
    loss = torch.nn.functional.cross_entropy(net(images), labels)
    optimizer.zero_grad(); loss.backward(); optimizer.step()
    losses.append(loss.item())
print(json.dumps(losses))
`;
    const theirs = JSON.parse(await runPython(found.python, program, join(folder, "training"))) as number[];
    expect(losses[steps - 1]).toBeLessThan(losses[0] ?? 0);
    losses.forEach((loss, i) => {
      expect(Math.abs(loss - (theirs[i] ?? Number.NaN)), `step ${i}: ${loss} and ${theirs[i]}`).toBeLessThan(1e-3);
    });
  });
});
