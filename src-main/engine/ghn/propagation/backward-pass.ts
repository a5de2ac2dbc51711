import { addRowProducts } from "./dense/row-products.ts";
import { addBiasGradient, addWeightGradient } from "./dense/weight-gradient.ts";
import { type Pass, setOf } from "./forward-pass.ts";
import { packedSize, packedViews } from "./packed-parameters.ts";
import { firstEventRow, type ScheduleStep } from "./schedule.ts";
import { countingTo, type ForwardValues, scratch, type ValueGradients } from "./workspace.ts";

/**
 * The gradients of `runForward`, by hand (docs/ghn.md, section 7): the steps of the schedule from last to first. In comments and names, du is the gradient of the
 * loss with respect to u.
 *
 * @param gradients dh holds the gradients of the final embeddings; at the end its first rows hold those of the initial ones
 */
export function runBackward(pass: Pass, values: ForwardValues, gradients: ValueGradients): void {
  const { steps } = pass.schedule;
  for (let s = steps.length - 1; s >= 0; s--) {
    const step = steps[s];
    if (step?.kind === "mean") averageBackward(pass, step, gradients);
    else if (step !== undefined) updateBackward(pass, step, values, gradients);
  }
}

function updateBackward(pass: Pass, step: ScheduleStep, values: ForwardValues, gradients: ValueGradients): void {
  const { schedule, widths } = pass;
  const { firstMessage, endMessage, firstEvent, endEvent } = step;
  const { embedding: D, message: Q } = widths;
  const { dh, dq, dx, dy } = gradients;
  const set = setOf(pass, step);
  const count = endEvent - firstEvent;
  gatesBackward(pass, step, values, gradients);
  // y = h W_h + b_h  →  dh += dy W_hᵀ, eq. 27
  const events = { columns: 3 * D, rows: countingTo(endEvent), first: firstEvent };
  addRowProducts({ values: dy, ...events }, count, set.gruState, { values: dh, columns: D, rows: schedule.previous, first: firstEvent });

  // x = a G + n g + b_m  →  da = dx Gᵀ, eq. 28
  const da = { values: scratch("da", count * Q).fill(0, 0, count * Q), columns: Q, rows: countingTo(count), first: 0 };
  addRowProducts({ values: dx, ...events }, count, set.folded, da);
  sumMessagesBackward(pass, step, da.values, dq);

  // q = relu(…)  →  dq = 0 where q = 0, eq. 28. All readers of these messages came later in the forward pass, so their gradients are complete.
  for (let i = firstMessage * Q; i < endMessage * Q; i++) if (values.q[i] === 0) dq[i] = 0;
  // q = relu(h W₁ + b₁)  →  dh += dq W₁ᵀ, eq. 29
  const messages = { values: dq, columns: Q, rows: countingTo(endMessage), first: firstMessage };
  addRowProducts(messages, endMessage - firstMessage, set.messageIn, { values: dh, columns: D, rows: schedule.sender, first: firstMessage });
}

/** a = Σ q  →  dq += da for each sender, eq. 28. `da` is of this step's events. */
function sumMessagesBackward({ schedule, widths }: Pass, { firstEvent, endEvent }: ScheduleStep, da: Float32Array, dq: Float32Array): void {
  const { sourceStart, sources } = schedule;
  const { message: Q } = widths;
  for (let event = firstEvent; event < endEvent; event++) {
    const from = (event - firstEvent) * Q;
    const end = sourceStart[event + 1] as number;
    for (let s = sourceStart[event] as number; s < end; s++) {
      const to = (sources[s] as number) * Q;
      for (let i = 0; i < Q; i++) dq[to + i] = (dq[to + i] as number) + (da[from + i] as number);
    }
  }
}

/** The GRU backwards: dx, dy, and the part of dh that does not go through a product. */
function gatesBackward({ schedule, widths }: Pass, { firstEvent, endEvent }: ScheduleStep, values: ForwardValues, { dh, dx, dy }: ValueGradients): void {
  const { nodes, previous } = schedule;
  const { embedding: D } = widths;
  for (let event = firstEvent; event < endEvent; event++) {
    const at = event * 3 * D;
    const own = event * D;
    const before = (previous[event] as number) * D;
    const after = (firstEventRow(nodes) + event) * D;
    for (let i = 0; i < D; i++) {
      const dAfter = dh[after + i] as number;
      const r = values.r[own + i] as number;
      const z = values.z[own + i] as number;
      const c = values.c[own + i] as number;
      // c = tanh(x_c + r y_c), h′ = (1 − z) c + z h  →  dx_c = dh′ (1 − z) (1 − c²), eq. 23
      const dxc = dAfter * (1 - z) * (1 - c * c);
      // z = σ(x_z + y_z)  →  dx_z = dy_z = dh′ (h − c) z (1 − z), eq. 24
      const dxz = dAfter * ((values.h[before + i] as number) - c) * z * (1 - z);
      // r = σ(x_r + y_r)  →  dx_r = dy_r = dx_c y_c r (1 − r), eq. 25
      const dxr = dxc * (values.yc[own + i] as number) * r * (1 - r);
      dx[at + i] = dxr;
      dx[at + D + i] = dxz;
      dx[at + 2 * D + i] = dxc;
      dy[at + i] = dxr;
      dy[at + D + i] = dxz;
      // x_c + r y_c  →  dy_c = dx_c r, eq. 26
      dy[at + 2 * D + i] = dxc * r;
      // h′ = … + z h  →  dh += dh′ z, eq. 27
      dh[before + i] = (dh[before + i] as number) + dAfter * z;
    }
  }
}

/** Mean of n rows  →  dh += dh_A / n for each of them, eq. 30. */
function averageBackward({ schedule, widths }: Pass, { firstEvent, endEvent }: ScheduleStep, { dh, dx, dy }: ValueGradients): void {
  const { nodes, sourceStart, sources } = schedule;
  const { embedding: D } = widths;
  for (let event = firstEvent; event < endEvent; event++) {
    const from = (firstEventRow(nodes) + event) * D;
    const start = sourceStart[event] as number;
    const end = sourceStart[event + 1] as number;
    for (let s = start; s < end; s++) {
      const to = (sources[s] as number) * D;
      for (let i = 0; i < D; i++) dh[to + i] = (dh[to + i] as number) + (dh[from + i] as number) / (end - start);
    }
    // A mean is not an update: it must add nothing to the sums over updates in `parameterGradients`.
    const at = event * 3 * D;
    dx.fill(0, at, at + 3 * D);
    dy.fill(0, at, at + 3 * D);
  }
}

/**
 * Gradients of all parameters, [sets, packedSize] (eq. 31). Each is one sum over all updates of a set: few large products instead of many small ones.
 * @param gradients as `runBackward` leaves them
 */
export function parameterGradients({ schedule, widths }: Pass, { h, a }: ForwardValues, { dq, dx, dy }: ValueGradients): Float32Array {
  const { events, messages, sender, previous, sourceStart, setEvents, setMessages } = schedule;
  const { embedding: D, message: Q } = widths;
  const n = new Float32Array(events);
  for (let event = 0; event < events; event++) n[event] = (sourceStart[event + 1] as number) - (sourceStart[event] as number);
  const size = packedSize(widths);
  const result = new Float32Array(schedule.sets * size);
  const inOrder = countingTo(Math.max(events, messages));
  for (let set = 0; set < schedule.sets; set++) {
    const gradient = packedViews(widths, result.subarray(set * size, (set + 1) * size));
    const [firstEvent, endEvent] = [setEvents[set] as number, setEvents[set + 1] as number];
    const [firstMessage, endMessage] = [setMessages[set] as number, setMessages[set + 1] as number];
    // q = relu(h W₁ + b₁)  →  dW₁ = Σ hᵀ dq, db₁ = Σ dq
    addWeightGradient(h, sender, D, dq, Q, firstMessage, endMessage, gradient.messageIn);
    addBiasGradient(dq, Q, firstMessage, endMessage, gradient.messageInBias);
    // x = a G + n g + b_m  →  dG = Σ aᵀ dx, dg = Σ n dx, db_m = Σ dx
    addWeightGradient(a, inOrder, Q, dx, 3 * D, firstEvent, endEvent, gradient.folded);
    addBiasGradient(dx, 3 * D, firstEvent, endEvent, gradient.foldedBias, n);
    addBiasGradient(dx, 3 * D, firstEvent, endEvent, gradient.gruMessageBias);
    // y = h W_h + b_h  →  dW_h = Σ hᵀ dy, db_h = Σ dy
    addWeightGradient(h, previous, D, dy, 3 * D, firstEvent, endEvent, gradient.gruState);
    addBiasGradient(dy, 3 * D, firstEvent, endEvent, gradient.gruStateBias);
  }
  return result;
}
