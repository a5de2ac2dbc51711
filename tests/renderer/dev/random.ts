import type { Cell } from "../../../src-shared/domain/architecture/cell.ts";
import { OPERATIONS } from "../../../src-shared/domain/architecture/operations.ts";

export type Random = () => number;

export function random(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function gaussian(next: Random): number {
  return Math.sqrt(-2 * Math.log(next() + 1e-12)) * Math.cos(2 * Math.PI * next());
}

export function randomCell(next: Random, nodes: number): Cell {
  return {
    nodes: Array.from({ length: nodes }, (_, i) => {
      const inputs = new Set<number>();
      const wanted = 1 + Math.floor(next() * 2);
      while (inputs.size < Math.min(wanted, i + 2)) inputs.add(Math.floor(next() * (i + 2)));
      return { operation: OPERATIONS[Math.floor(next() * OPERATIONS.length)] ?? "identity", inputs: [...inputs].sort((a, b) => a - b) };
    }),
  };
}
