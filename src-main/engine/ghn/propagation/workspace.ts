import type { Widths } from "./packed-parameters.ts";
import { rowCount, type Schedule } from "./schedule.ts";

/**
 * Values that a forward pass leaves for the backward pass. Names are the symbols of docs/ghn.md, section 3 and eq. 22; matrices are row-major. An event is the update
 * of one node, or the mean over a block.
 */
export interface ForwardValues {
  /** Every state of every embedding, [rowCount, D]; the schedule numbers the rows. */
  readonly h: Float32Array;
  /** Hidden layer of each message (eq. 3), [messages, Q]. */
  readonly q: Float32Array;
  /** Sum of q over the senders of each event (eq. 22), [events, Q]. */
  readonly a: Float32Array;
  /** Reset gate of each event (eq. 7), [events, D]. */
  readonly r: Float32Array;
  /** Update gate of each event (eq. 7), [events, D]. */
  readonly z: Float32Array;
  /** Candidate of each event (eq. 8), [events, D]. */
  readonly c: Float32Array;
  /** Candidate's part of the state's product, y_c (eq. 6), [events, D]. */
  readonly yc: Float32Array;
}

/** Gradients of the loss with respect to values of the forward pass, while the backward pass adds them up. Shapes as in {@link ForwardValues}. */
export interface ValueGradients {
  readonly dh: Float32Array;
  readonly dq: Float32Array;
  /** Gradients of x and y (eqs. 23 to 26), [events, 3 D]: reset, update, candidate. */
  readonly dx: Float32Array;
  readonly dy: Float32Array;
}

const buffers = new Map<string, Float32Array>();

/** A buffer of at least `length` values that is reused from call to call; it contains whatever was written to it before. */
export function scratch(name: string, length: number): Float32Array {
  const known = buffers.get(name);
  if (known !== undefined && known.length >= length) return known;
  const buffer = new Float32Array(length);
  buffers.set(name, buffer);
  return buffer;
}

/**
 * The buffers for a forward pass. All passes share them, so that memory does not grow with the number of passes: code that needs the values later must check
 * whether another pass has overwritten them.
 */
export function forwardValues(schedule: Schedule, { embedding, message }: Widths): ForwardValues {
  const { events } = schedule;
  return {
    h: scratch("h", rowCount(schedule) * embedding),
    q: scratch("q", schedule.messages * message),
    a: scratch("a", events * message),
    r: scratch("r", events * embedding),
    z: scratch("z", events * embedding),
    c: scratch("c", events * embedding),
    yc: scratch("yc", events * embedding),
  };
}

/** The buffers for a backward pass, with dh and dq set to zero. */
export function valueGradients(schedule: Schedule, { embedding, message }: Widths): ValueGradients {
  const { events } = schedule;
  const zeros = (name: string, length: number): Float32Array => scratch(name, length).fill(0, 0, length);
  return {
    dh: zeros("dh", rowCount(schedule) * embedding),
    dq: zeros("dq", schedule.messages * message),
    dx: scratch("dx", events * 3 * embedding),
    dy: scratch("dy", events * 3 * embedding),
  };
}

let counting = new Int32Array(0);

/** Row numbers 0, 1, 2 … up to `length` at least, for products whose rows follow each other. */
export function countingTo(length: number): Int32Array {
  if (counting.length < length) counting = Int32Array.from({ length: 2 * length }, (_, i) => i);
  return counting;
}
