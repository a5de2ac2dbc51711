/** Benchmark of message passing and weight generation for networks of the paper's size: 18 blocks, T = 5, embeddings of width 32. */

import { type Backend, initBackend, type Scalar, tf } from "../src-main/engine/backend/index.ts";
import { GraphHyperNetwork } from "../src-main/engine/ghn/graph-hypernetwork.ts";
import { MessagePassing } from "../src-main/engine/ghn/propagation/message-passing.ts";
import { packedSize } from "../src-main/engine/ghn/propagation/packed-parameters.ts";
import { buildSchedule } from "../src-main/engine/ghn/propagation/schedule.ts";
import type { NetworkPlan } from "../src-main/engine/network/plan-types.ts";
import { Rng } from "../src-main/engine/random.ts";
import { cellFamily } from "../src-main/engine/spaces/cell/network-family.ts";
import { buildPlan } from "../src-main/engine/spaces/cell/plan.ts";
import { sampleCell } from "../src-main/engine/spaces/cell/sampler.ts";
import { networkConfigSchema } from "../src-shared/domain/architecture/network.ts";
import { searchSpaceSchema } from "../src-shared/domain/architecture/search-space.ts";
import { ghnConfigSchema } from "../src-shared/domain/config/run-config.ts";
import { type PartReport, printPart } from "./lib/report.ts";
import { interleave, type Measurement, median, type Row, row } from "./lib/samples.ts";

const NETWORK = networkConfigSchema.parse({});
const GHN = ghnConfigSchema.parse({});
const INPUT = { height: 32, width: 32, channels: 3, classes: 10 };
const WIDTHS = { embedding: GHN.hiddenSize, message: GHN.messageHiddenSize };
/** Goals in milliseconds for message passing of one network, forward and backward, on one core, by number of nodes. */
const GOALS: Readonly<Record<number, number>> = { 7: 60, 17: 150 };

/** Times message passing alone (processor time of this thread), and the whole generation of weights with its gradient on the backend of this process. */
export async function benchPropagation(backend: Backend, rounds = 15): Promise<PartReport> {
  const rows: Row[] = [];
  const remarks: string[] = [];
  for (const [nodes, networks] of [
    [7, 1],
    [17, 1],
    [7, 8],
  ] as const) {
    const plans = randomPlans(nodes, networks);
    const samples = await interleave(messagePassing(plans), rounds);
    const total = samples.reduce((sum, sample) => sum + median(sample.times), 0);
    for (const { name, times } of samples) rows.push(row(`N = ${nodes}, ${networks} network${networks === 1 ? "" : "s"}: ${name}`, times));
    const goal = GOALS[nodes];
    if (networks === 1 && goal !== undefined)
      remarks.push(`Message passing at N = ${nodes}: ${total.toFixed(0)} ms of at most ${goal} ms, ${total <= goal ? "met" : "missed"}.`);
  }
  const ghn = new GraphHyperNetwork(GHN, cellFamily(NETWORK, INPUT), Rng.fromSeed(1, "ghn-init"));
  for (const nodes of [7, 17]) {
    const samples = await interleave(generation(ghn, randomPlans(nodes, 1)), Math.ceil(rounds / 3));
    for (const { name, times } of samples) rows.push(row(`N = ${nodes}, ${backend.name}: ${name}`, times));
  }
  remarks.push(`The GHN has ${ghn.parameterCount.toLocaleString("en")} parameters; ${backend.name}, ${backend.device}, ${backend.libraryVersion}.`);
  ghn.dispose();
  return { part: "propagation", title: "Graph HyperNetwork, 18 blocks, F = 32, T = 5", rows, remarks };
}

function randomPlans(nodes: number, count: number): NetworkPlan[] {
  const rng = Rng.fromSeed(1, "bench-cells");
  const space = searchSpaceSchema.parse({});
  return Array.from({ length: count }, () => buildPlan({ normal: sampleCell(space, rng, nodes) }, NETWORK, INPUT));
}

/** Processor time of this thread in milliseconds, which depends less on other load than wall-clock time. */
function threadTime(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

function messagePassing(plans: readonly NetworkPlan[]): Record<string, Measurement> {
  const graphs = plans.map((plan) => plan.graph);
  const rng = Rng.fromSeed(1, "bench-values");
  const schedule = buildSchedule(graphs, GHN);
  const embeddings = Float32Array.from({ length: schedule.nodes * WIDTHS.embedding }, () => rng.normal());
  const parameters = Float32Array.from({ length: packedSize(WIDTHS) }, () => rng.normal() / Math.sqrt(WIDTHS.embedding));
  const all = Int32Array.from({ length: schedule.nodes }, (_, node) => node);
  let passing = new MessagePassing(schedule, WIDTHS, embeddings, parameters);
  let result = passing.forward(all);
  return {
    schedule: () => threadTime(() => void buildSchedule(graphs, GHN)),
    forward: () =>
      threadTime(() => {
        passing = new MessagePassing(schedule, WIDTHS, embeddings, parameters);
        result = passing.forward(all);
      }),
    backward: () => threadTime(() => void passing.backward(all, result)),
  };
}

function generation(ghn: GraphHyperNetwork, plans: readonly NetworkPlan[]): Record<string, Measurement> {
  // A loss whose gradient with respect to every weight is constant, so that only the GHN is timed.
  const loss = (): Scalar => {
    const weights = ghn.generate(plans).flatMap((generated) => [...generated.values()]);
    const shapes = weights.map((weight) => weight.shape);
    return tf.customGrad(() => ({ value: tf.scalar(0), gradFunc: () => shapes.map((shape) => tf.ones(shape)) }))(...weights) as Scalar;
  };
  return {
    "weights generated": () => void tf.tidy(() => ghn.generate(plans).map((weights) => [...weights.values()].at(-1)?.dataSync())),
    "weights generated, with gradient": () => {
      const { value, grads } = tf.variableGrads(loss, [...ghn.variables]);
      // Wait for the device.
      Object.values(grads).at(-1)?.dataSync();
      tf.dispose([value]);
      tf.dispose(grads);
    },
  };
}

if (import.meta.main) printPart(await benchPropagation(await initBackend()));
