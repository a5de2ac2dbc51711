import type { Backend } from "../../src-main/engine/backend/index.ts";
import { networkConfigSchema } from "../../src-shared/domain/architecture/network.ts";
import type { PartReport } from "../lib/report.ts";
import { type Row, row } from "../lib/samples.ts";
import { GhnSteps, randomCells } from "../lib/training-steps.ts";

/** Time of a GHN step against N, blocks, F and the number of architectures. */
export function growthPart(backend: Backend, quick: boolean): PartReport {
  const base = { blocks: 4, initialChannels: 8, reductions: [1, 3] };
  const steps = quick ? 3 : 5;
  const measure = (network: Record<string, unknown>, nodes: number, count: number): number[] => {
    const bench = new GhnSteps(backend, networkConfigSchema.parse({ ...base, ...network }), 16);
    const times: number[] = [];
    for (let i = -1; i < steps; i++) {
      const { ms } = bench.step(randomCells(nodes, count, 20 + i));
      if (i >= 0) times.push(ms);
    }
    bench.dispose();
    return times;
  };
  const rows: Row[] = [];
  for (const nodes of [3, 7, 11, 17]) rows.push(row(`N = ${nodes}`, measure({}, nodes, 1)));
  for (const blocks of [2, 4, 8, 16]) rows.push(row(`${blocks} blocks`, measure({ blocks, reductions: [1] }, 7, 1)));
  for (const initialChannels of [8, 16, 32]) rows.push(row(`F = ${initialChannels}`, measure({ initialChannels }, 7, 1)));
  for (const count of [1, 2, 4]) rows.push(row(`${count} architectures per step`, measure({}, 7, count)));
  return { part: "growth", title: "Growth of a GHN step (4 blocks, F = 8 and batch 16 unless stated otherwise)", rows, remarks: [] };
}
