import { affineRows } from "./dense/row-products.ts";
import type { ParameterSet, Widths } from "./packed-parameters.ts";
import { firstEventRow, type Schedule, type ScheduleStep } from "./schedule.ts";
import { countingTo, type ForwardValues, scratch } from "./workspace.ts";

/** Message passing over a set of graphs with given parameters. */
export interface Pass {
  readonly schedule: Schedule;
  readonly widths: Widths;
  /** One set, or one for each block. */
  readonly sets: readonly ParameterSet[];
}

/**
 * Runs all steps of a schedule.
 *
 * @param embeddings initial embeddings h⁽⁰⁾, [nodes, D]
 * @param values receives all values
 */
export function runForward(pass: Pass, embeddings: Float32Array, values: ForwardValues): void {
  const { schedule, widths } = pass;
  const D = widths.embedding;
  values.h.set(embeddings);
  values.h.fill(0, schedule.nodes * D, firstEventRow(schedule.nodes) * D);
  for (const step of schedule.steps) {
    if (step.kind === "mean") average(pass, step, values);
    else update(pass, step, values);
  }
}

/** The parameters of a step. */
export function setOf({ sets }: Pass, { set }: ScheduleStep): ParameterSet {
  const parameters = sets[set];
  if (parameters === undefined) throw new Error(`There is no set ${set} of GNN parameters.`);
  return parameters;
}

/** Updates all nodes of one level at once. */
function update(pass: Pass, step: ScheduleStep, values: ForwardValues): void {
  const { schedule, widths } = pass;
  const { firstMessage, endMessage, firstEvent, endEvent } = step;
  const { embedding: D, message: Q } = widths;
  const { h, q, a } = values;
  const set = setOf(pass, step);
  // q = relu(h W₁ + b₁), eq. 3
  const messages = { values: q, columns: Q, rows: countingTo(endMessage), first: firstMessage };
  const senders = { values: h, columns: D, rows: schedule.sender, first: firstMessage };
  affineRows(senders, endMessage - firstMessage, set.messageInByOutput, set.messageInBias, messages);
  for (let i = firstMessage * Q; i < endMessage * Q; i++) if ((q[i] as number) < 0) q[i] = 0;

  const count = endEvent - firstEvent;
  sumMessages(pass, step, values);
  // x = a G + b_m, eq. 22 (without n g, which `gates` adds)
  const x = { values: scratch("x", count * 3 * D), columns: 3 * D, rows: countingTo(count), first: 0 };
  affineRows({ values: a, columns: Q, rows: countingTo(endEvent), first: firstEvent }, count, set.foldedByOutput, set.gruMessageBias, x);
  // y = h W_h + b_h, eq. 6
  const y = { values: scratch("y", count * 3 * D), columns: 3 * D, rows: countingTo(count), first: 0 };
  affineRows({ values: h, columns: D, rows: schedule.previous, first: firstEvent }, count, set.gruStateByOutput, set.gruStateBias, y);
  gates(pass, step, x.values, y.values, values);
}

/** a = Σ q over the senders, eq. 22. */
function sumMessages({ schedule, widths }: Pass, { firstEvent, endEvent }: ScheduleStep, { q, a }: ForwardValues): void {
  const { sourceStart, sources } = schedule;
  const { message: Q } = widths;
  for (let event = firstEvent; event < endEvent; event++) {
    const to = event * Q;
    a.fill(0, to, to + Q);
    const end = sourceStart[event + 1] as number;
    for (let s = sourceStart[event] as number; s < end; s++) {
      const from = (sources[s] as number) * Q;
      for (let i = 0; i < Q; i++) a[to + i] = (a[to + i] as number) + (q[from + i] as number);
    }
  }
}

/** The GRU, eqs. 7 to 9; completes x by n g. `x` and `y` are of this step's events, [events, 3 D]. */
function gates(pass: Pass, step: ScheduleStep, x: Float32Array, y: Float32Array, values: ForwardValues): void {
  const { nodes, previous, sourceStart } = pass.schedule;
  const { embedding: D } = pass.widths;
  const { foldedBias: g } = setOf(pass, step);
  for (let event = step.firstEvent; event < step.endEvent; event++) {
    const n = (sourceStart[event + 1] as number) - (sourceStart[event] as number);
    const at = (event - step.firstEvent) * 3 * D;
    const own = event * D;
    const before = (previous[event] as number) * D;
    const after = (firstEventRow(nodes) + event) * D;
    for (let i = 0; i < D; i++) {
      const [ir, iz, ic] = [i, D + i, 2 * D + i];
      // r = σ(x_r + y_r), z = σ(x_z + y_z), eq. 7
      const r = sigmoid((x[at + ir] as number) + n * (g[ir] as number) + (y[at + ir] as number));
      const z = sigmoid((x[at + iz] as number) + n * (g[iz] as number) + (y[at + iz] as number));
      // c = tanh(x_c + r ⊙ y_c), eq. 8
      const yc = y[at + ic] as number;
      const c = Math.tanh((x[at + ic] as number) + n * (g[ic] as number) + r * yc);
      values.r[own + i] = r;
      values.z[own + i] = z;
      values.c[own + i] = c;
      values.yc[own + i] = yc;
      // h′ = (1 − z) ⊙ c + z ⊙ h, eq. 9
      values.h[after + i] = c + z * ((values.h[before + i] as number) - c);
    }
  }
}

/** Mean over the nodes of a block, eq. 13. */
function average({ schedule, widths }: Pass, { firstEvent, endEvent }: ScheduleStep, { h }: ForwardValues): void {
  const { nodes, sourceStart, sources } = schedule;
  const { embedding: D } = widths;
  for (let event = firstEvent; event < endEvent; event++) {
    const to = (firstEventRow(nodes) + event) * D;
    const start = sourceStart[event] as number;
    const end = sourceStart[event + 1] as number;
    for (let i = 0; i < D; i++) {
      let sum = 0;
      for (let s = start; s < end; s++) sum += h[(sources[s] as number) * D + i] as number;
      h[to + i] = sum / (end - start);
    }
  }
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
