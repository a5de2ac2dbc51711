import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Backend } from "../../src-main/engine/backend/index.ts";
import type { PartReport } from "../lib/report.ts";
import { interleave, median, type Row, row } from "../lib/samples.ts";
import { GhnSteps, INPUT, NetworkSteps, PAPER, QUICK, randomCells } from "../lib/training-steps.ts";
import { type Peer, startPeer } from "../peer/peer-process.ts";

interface Case {
  readonly name: string;
  readonly network: typeof QUICK;
  readonly batch: number;
  readonly nodes: number;
  readonly rounds: number;
}

const STEPS: readonly Case[] = [
  { name: "quick shapes, N = 7, batch 64", network: QUICK, batch: 64, nodes: 7, rounds: 12 },
  { name: "F = 32, 18 blocks, N = 7, batch 8", network: PAPER, batch: 8, nodes: 7, rounds: 3 },
];

/** Compares GHN steps, scoring and training with PyTorch, in turn, with the same cells and initial weights. Comparing the losses verifies that both compute the same. */
export async function* peerParts(backend: Backend, threads: number, quickOnly: boolean): AsyncGenerator<PartReport> {
  const peer = await startPeer();
  const folder = mkdtempSync(path.join(tmpdir(), "ghn-bench-"));
  try {
    for (const one of quickOnly ? STEPS.slice(0, 1) : STEPS) yield await stepPart(backend, peer, folder, threads, one);
    yield await scorePart(
      backend,
      peer,
      folder,
      threads,
      { name: "quick shapes, N = 17, batch 250", network: QUICK, batch: 250, nodes: 17, rounds: 5 },
      [1, 8],
    );
    if (!quickOnly)
      yield await scorePart(
        backend,
        peer,
        folder,
        threads,
        { name: "F = 32, 18 blocks, N = 17, batch 16", network: PAPER, batch: 16, nodes: 17, rounds: 2 },
        [1],
      );
    yield await generationPart(backend, peer, folder, threads);
    for (const one of quickOnly ? STEPS.slice(0, 1) : STEPS) yield await trainingPart(backend, peer, folder, threads, one);
  } finally {
    peer.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function prepare(backend: Backend, peer: Peer, folder: string, threads: number, one: Case): Promise<GhnSteps> {
  const bench = new GhnSteps(backend, one.network, one.batch);
  await peer.call("setup", { threads, config: one.network, image: INPUT, ghn: bench.ghnConfig, ...(await bench.files(folder)) });
  return bench;
}

async function stepPart(backend: Backend, peer: Peer, folder: string, threads: number, one: Case): Promise<PartReport> {
  const bench = await prepare(backend, peer, folder, threads, one);
  const cells = randomCells(one.nodes, one.rounds + 2, 11);
  const own: Record<"generation" | "forward" | "backward" | "optimizer", number[]> = { generation: [], forward: [], backward: [], optimizer: [] };
  const theirs: typeof own = { generation: [], forward: [], backward: [], optimizer: [] };
  const losses: [number, number][] = [];
  let [ours, peers] = [0, 0];
  const samples = await interleave(
    {
      studio: () => {
        const result = bench.step(cells.slice(ours, ours + 1));
        losses[ours] = [result.loss, Number.NaN];
        ours += 1;
        if (ours > 2) for (const part of ["generation", "forward", "backward", "optimizer"] as const) own[part].push(result[`${part}Ms`]);
        return result.ms;
      },
      PyTorch: async () => {
        const result = await peer.call("ghn_step", { cells: cells.slice(peers, peers + 1) });
        const pair = losses[peers];
        if (pair !== undefined) pair[1] = result["loss"] ?? Number.NaN;
        peers += 1;
        if (peers > 2) for (const part of ["generation", "forward", "backward", "optimizer"] as const) theirs[part].push(result[`${part}Ms`] ?? Number.NaN);
        return result["ms"] ?? Number.NaN;
      },
    },
    one.rounds,
  );
  bench.dispose();
  const rows = comparison(samples, "GHN step");
  for (const part of ["generation", "forward", "backward", "optimizer"] as const)
    rows.push(row(`studio: ${part}`, own[part]), row(`PyTorch: ${part}`, theirs[part]));
  return { part: "step", title: `GHN training step, ${one.name}`, rows, remarks: [lossRemark(losses), goal(samples, 0.8, "GHN step")] };
}

async function scorePart(backend: Backend, peer: Peer, folder: string, threads: number, one: Case, counts: readonly number[]): Promise<PartReport> {
  const bench = await prepare(backend, peer, folder, threads, one);
  const rows: Row[] = [];
  const remarks: string[] = [];
  for (const count of counts) {
    const cells = randomCells(one.nodes, count, 12);
    const losses: [number, number] = [Number.NaN, Number.NaN];
    const samples = await interleave(
      {
        studio: () => {
          const result = bench.score(cells);
          losses[0] = result.loss;
          return result.ms / count;
        },
        PyTorch: async () => {
          const result = await peer.call("score", { cells });
          losses[1] = result["loss"] ?? Number.NaN;
          return (result["ms"] ?? Number.NaN) / count;
        },
      },
      one.rounds,
      1,
    );
    rows.push(...comparison(samples, `one architecture, ${count} at a time`));
    remarks.push(lossRemark([losses]), goal(samples, 0.8, "Scoring"));
  }
  bench.dispose();
  return { part: "score", title: `Scoring, ${one.name}`, rows, remarks };
}

async function generationPart(backend: Backend, peer: Peer, folder: string, threads: number): Promise<PartReport> {
  const bench = await prepare(backend, peer, folder, threads, { name: "", network: PAPER, batch: 1, nodes: 17, rounds: 3 });
  const rows: Row[] = [];
  let best = Number.POSITIVE_INFINITY;
  for (const count of [1, 4, 16]) {
    const cells = randomCells(17, count, 13);
    const samples = await interleave(
      {
        studio: () => bench.generate(cells) / count,
        PyTorch: async () => ((await peer.call("generate", { cells }))["ms"] ?? Number.NaN) / count,
      },
      4,
      1,
    );
    rows.push(...comparison(samples, `one architecture, ${count} at a time`));
    best = Math.min(best, median(samples[0]?.times ?? []));
  }
  bench.dispose();
  return {
    part: "generation",
    title: "Generating all weights, F = 32, 18 blocks, N = 17",
    rows,
    remarks: [`Goal of 10 ms an architecture in batches: ${best <= 10 ? "met" : "missed"} (${best.toFixed(1)} ms).`],
  };
}

async function trainingPart(backend: Backend, peer: Peer, folder: string, threads: number, one: Case): Promise<PartReport> {
  const bench = await prepare(backend, peer, folder, threads, one);
  const [cell] = randomCells(one.nodes, 1, 14);
  if (cell === undefined) throw new Error("No cell was drawn.");
  const training = new NetworkSteps(backend, bench, cell);
  await peer.call("start_training", { cell, weights: await training.file(folder) });
  const losses: [number, number][] = [];
  let [ours, peers] = [0, 0];
  const samples = await interleave(
    {
      studio: () => {
        const result = training.step();
        losses[ours] = [result.loss, Number.NaN];
        ours += 1;
        return result.ms;
      },
      PyTorch: async () => {
        const result = await peer.call("train_step", {});
        const pair = losses[peers];
        if (pair !== undefined) pair[1] = result["loss"] ?? Number.NaN;
        peers += 1;
        return result["ms"] ?? Number.NaN;
      },
    },
    one.rounds,
  );
  training.dispose();
  bench.dispose();
  const [mine, theirs] = samples.map((sample) => (1000 * one.batch) / median(sample.times));
  return {
    part: "training",
    title: `Training a network from scratch, ${one.name}`,
    rows: comparison(samples, "step"),
    remarks: [lossRemark(losses), `${(mine ?? 0).toFixed(0)} images/s against ${(theirs ?? 0).toFixed(0)}.`, goal(samples, 1, "Training")],
  };
}

/** Median ratio of neighbouring measurements; changing load affects both of a pair. */
function ratioOfPairs(ours: readonly number[], theirs: readonly number[]): number {
  return median(ours.map((time, i) => time / (theirs[i] ?? Number.NaN)));
}

function comparison(samples: readonly { readonly name: string; readonly times: readonly number[] }[], what: string): Row[] {
  const [first, second] = samples;
  const ratio = ratioOfPairs(first?.times ?? [], second?.times ?? []);
  return samples.map(({ name, times }) => row(`${name}: ${what}`, times, "ms", name === first?.name ? `${ratio.toFixed(2)} × PyTorch` : undefined));
}

function goal(samples: readonly { readonly times: readonly number[] }[], wanted: number, what: string): string {
  const ratio = ratioOfPairs(samples[0]?.times ?? [], samples[1]?.times ?? []);
  return `${what}: goal of at most ${wanted} × PyTorch's time ${ratio <= wanted ? "met" : "missed"} (${ratio.toFixed(2)}).`;
}

/** Losses of the first and the last pair: the first ones are equal up to rounding, which grows over steps. */
function lossRemark(losses: readonly (readonly [number, number])[]): string {
  const text = (pair: readonly [number, number] | undefined): string => (pair === undefined ? "–" : `${pair[0].toFixed(4)} / ${pair[1].toFixed(4)}`);
  return losses.length === 1
    ? `Loss, studio / PyTorch: ${text(losses[0])}.`
    : `Loss, studio / PyTorch: ${text(losses[0])} at the first step, ${text(losses.at(-1))} at the last.`;
}
