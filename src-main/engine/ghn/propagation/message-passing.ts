import { accumulateColumns, accumulateOuter, accumulateRows, affineRows, transposed } from "./dense-loops.ts";
import { firstEventRow, type Schedule, type ScheduleStep } from "./schedule.ts";

/** Widths: of node embeddings (D) and of the hidden layer of the message function (W). */
export interface Widths {
  readonly embedding: number;
  readonly message: number;
}

/**
 * One set of GNN parameters as the loops use them. The second layer of M and the GRU's product with the message are linear and follow each other, so they come as
 * one matrix; gates in the order reset, update, candidate.
 *
 * - message hidden layer: q = relu(W1 h + b1)
 * - sum over senders: a = Σ q, n senders
 * - from the message: x = G a + n c + bx; from the old state: y = U h + by
 * - r = sigmoid(x_r + y_r), z = sigmoid(x_z + y_z), candidate = tanh(x_c + r · y_c), h' = (1 - z) · candidate + z · h
 */
const PARTS = ["w1", "b1", "gates", "perMessage", "messageBias", "state", "stateBias"] as const;
type Part = (typeof PARTS)[number];

/** Shapes of the parts of a packed set, in order: [inputs, outputs] of matrices, [outputs] of vectors. */
export function packedShapes({ embedding, message }: Widths): Readonly<Record<Part, readonly number[]>> {
  const gates = 3 * embedding;
  return {
    w1: [embedding, message],
    b1: [message],
    gates: [message, gates],
    perMessage: [gates],
    messageBias: [gates],
    state: [embedding, gates],
    stateBias: [gates],
  };
}

/** Number of values in a packed set. */
export function packedSize(widths: Widths): number {
  return Object.values(packedShapes(widths)).reduce((sum, shape) => sum + product(shape), 0);
}

/** Everything that a forward pass leaves for the backward pass. Reused from call to call; grows as needed. */
class Workspace {
  private readonly buffers = new Map<string, Float32Array>();
  /** Counts the passes that wrote into the buffers. */
  generation = 0;

  /** At least `length` values; what is in them is left from before. */
  take(name: string, length: number): Float32Array {
    const known = this.buffers.get(name);
    if (known !== undefined && known.length >= length) return known;
    const buffer = new Float32Array(length);
    this.buffers.set(name, buffer);
    return buffer;
  }
}

/** Forward passes share their buffers: a backward pass whose buffers were overwritten in between repeats its forward pass. */
const workspace = new Workspace();

/** Row numbers 0, 1, 2 … for products whose rows are not gathered. */
let counting = new Int32Array(0);

function countingTo(length: number): Int32Array {
  if (counting.length < length) counting = Int32Array.from({ length: 2 * length }, (_, i) => i);
  return counting;
}

/** Gradients of a pass. */
export interface PropagationGradients {
  /** [nodes, D]. */
  readonly embeddings: Float32Array;
  /** [sets, packedSize]. */
  readonly parameters: Float32Array;
}

/**
 * Message passing over the given schedule, with its gradient by hand. A pass keeps its arguments, and nothing else of its own: the saved states are in buffers that all
 * passes share.
 */
export class MessagePassing {
  private readonly schedule: Schedule;
  private readonly widths: Widths;
  private readonly embeddings: Float32Array;
  private readonly sets: readonly ParameterSet[];
  private generation = -1;

  /**
   * @param embeddings initial embeddings, [nodes, D]; not changed, and not to be changed by others before the backward pass
   * @param parameters packed sets, [sets, packedSize]
   */
  constructor(schedule: Schedule, widths: Widths, embeddings: Float32Array, parameters: Float32Array) {
    const size = packedSize(widths);
    if (embeddings.length !== schedule.nodes * widths.embedding) throw new Error("The embeddings do not fit the graphs.");
    if (parameters.length !== schedule.sets * size) throw new Error("The parameters do not fit the graphs.");
    this.schedule = schedule;
    this.widths = widths;
    this.embeddings = embeddings;
    this.sets = Array.from({ length: schedule.sets }, (_, set) => new ParameterSet(widths, parameters.subarray(set * size, (set + 1) * size)));
  }

  /** Final embeddings of the chosen nodes, [select.length, D]; zeros for node −1. */
  forward(select: Int32Array): Float32Array {
    const { schedule, embeddings } = this;
    const { embedding: width } = this.widths;
    const states = workspace.take("states", (firstEventRow(schedule.nodes) + schedule.events) * width);
    this.generation = ++workspace.generation;
    states.set(embeddings);
    states.fill(0, schedule.nodes * width, (schedule.nodes + 1) * width);
    for (const step of schedule.steps) {
      if (step.kind === "mean") this.average(step, states);
      else this.update(step, states);
    }
    const result = new Float32Array(select.length * width);
    for (let k = 0; k < select.length; k++) {
      const row = this.finalRow(select[k] as number) * width;
      for (let i = 0; i < width; i++) result[k * width + i] = states[row + i] as number;
    }
    return result;
  }

  /** @param dResult gradient of what `forward(select)` gave */
  backward(select: Int32Array, dResult: Float32Array): PropagationGradients {
    if (workspace.generation !== this.generation) this.forward(new Int32Array(0));
    const { schedule } = this;
    const { embedding: width, message } = this.widths;
    const rows = firstEventRow(schedule.nodes) + schedule.events;
    const dStates = workspace.take("dStates", rows * width).fill(0, 0, rows * width);
    const dMessages = workspace.take("dMessages", schedule.messages * message).fill(0, 0, schedule.messages * message);
    for (let k = 0; k < select.length; k++) {
      const row = this.finalRow(select[k] as number) * width;
      for (let i = 0; i < width; i++) dStates[row + i] = (dStates[row + i] as number) + (dResult[k * width + i] as number);
    }
    for (let s = schedule.steps.length - 1; s >= 0; s--) {
      const step = schedule.steps[s];
      if (step?.kind === "mean") this.averageBackward(step, dStates);
      else if (step !== undefined) this.updateBackward(step, dStates, dMessages);
    }
    return { embeddings: dStates.slice(0, schedule.nodes * width), parameters: this.parameterGradients(dMessages) };
  }

  private update({ set, firstMessage, endMessage, firstEvent, endEvent }: ScheduleStep, states: Float32Array): void {
    const { schedule } = this;
    const { embedding: width, message } = this.widths;
    const parameters = this.set(set);
    const messages = workspace.take("messages", schedule.messages * message);
    affineRows(states, schedule.sender, firstMessage, endMessage - firstMessage, width, parameters.w1ByOutput, message, parameters.b1, messages, firstMessage);
    for (let i = firstMessage * message; i < endMessage * message; i++) if ((messages[i] as number) < 0) messages[i] = 0;

    const count = endEvent - firstEvent;
    const sums = workspace.take("sums", schedule.events * message);
    this.sumMessages(firstEvent, endEvent, messages, sums);
    const x = workspace.take("x", count * 3 * width);
    const y = workspace.take("y", count * 3 * width);
    affineRows(sums, countingTo(endEvent), firstEvent, count, message, parameters.gatesByOutput, 3 * width, parameters.messageBias, x, 0);
    affineRows(states, schedule.previous, firstEvent, count, width, parameters.stateByOutput, 3 * width, parameters.stateBias, y, 0);
    this.gates(firstEvent, endEvent, parameters.perMessage, x, y, states);
  }

  private sumMessages(firstEvent: number, endEvent: number, messages: Float32Array, sums: Float32Array): void {
    const { sourceStart, sources } = this.schedule;
    const { message } = this.widths;
    for (let event = firstEvent; event < endEvent; event++) {
      const to = event * message;
      sums.fill(0, to, to + message);
      const end = sourceStart[event + 1] as number;
      for (let s = sourceStart[event] as number; s < end; s++) {
        const from = (sources[s] as number) * message;
        for (let i = 0; i < message; i++) sums[to + i] = (sums[to + i] as number) + (messages[from + i] as number);
      }
    }
  }

  private gates(firstEvent: number, endEvent: number, perMessage: Float32Array, x: Float32Array, y: Float32Array, states: Float32Array): void {
    const { nodes, events, previous, sourceStart } = this.schedule;
    const { embedding: width } = this.widths;
    const resets = workspace.take("resets", events * width);
    const updates = workspace.take("updates", events * width);
    const candidates = workspace.take("candidates", events * width);
    const stateParts = workspace.take("stateParts", events * width);
    for (let event = firstEvent; event < endEvent; event++) {
      const senders = (sourceStart[event + 1] as number) - (sourceStart[event] as number);
      const at = (event - firstEvent) * 3 * width;
      const save = event * width;
      const from = (previous[event] as number) * width;
      const to = (firstEventRow(nodes) + event) * width;
      for (let i = 0; i < width; i++) {
        const [ir, iz, ic] = [i, width + i, 2 * width + i];
        const r = sigmoid((x[at + ir] as number) + senders * (perMessage[ir] as number) + (y[at + ir] as number));
        const z = sigmoid((x[at + iz] as number) + senders * (perMessage[iz] as number) + (y[at + iz] as number));
        const stateDependent = y[at + ic] as number;
        const candidate = Math.tanh((x[at + ic] as number) + senders * (perMessage[ic] as number) + r * stateDependent);
        resets[save + i] = r;
        updates[save + i] = z;
        candidates[save + i] = candidate;
        stateParts[save + i] = stateDependent;
        states[to + i] = candidate + z * ((states[from + i] as number) - candidate);
      }
    }
  }

  private updateBackward({ set, firstMessage, endMessage, firstEvent, endEvent }: ScheduleStep, dStates: Float32Array, dMessages: Float32Array): void {
    const { schedule } = this;
    const { embedding: width, message } = this.widths;
    const parameters = this.set(set);
    const count = endEvent - firstEvent;
    const dX = workspace.take("dX", schedule.events * 3 * width);
    const dY = workspace.take("dY", schedule.events * 3 * width);
    this.gatesBackward(firstEvent, endEvent, dStates, dX, dY);
    accumulateRows(dY, firstEvent, count, 3 * width, parameters.state, width, dStates, schedule.previous, firstEvent);

    const dSums = workspace.take("dSums", count * message).fill(0, 0, count * message);
    accumulateRows(dX, firstEvent, count, 3 * width, parameters.gates, message, dSums, countingTo(count), 0);
    const { sourceStart, sources } = schedule;
    for (let event = firstEvent; event < endEvent; event++) {
      const from = (event - firstEvent) * message;
      const end = sourceStart[event + 1] as number;
      for (let s = sourceStart[event] as number; s < end; s++) {
        const to = (sources[s] as number) * message;
        for (let i = 0; i < message; i++) dMessages[to + i] = (dMessages[to + i] as number) + (dSums[from + i] as number);
      }
    }

    // Whoever read these messages came later, so their gradients are complete.
    const messages = workspace.take("messages", schedule.messages * message);
    for (let i = firstMessage * message; i < endMessage * message; i++) if (messages[i] === 0) dMessages[i] = 0;
    accumulateRows(dMessages, firstMessage, endMessage - firstMessage, message, parameters.w1, width, dStates, schedule.sender, firstMessage);
  }

  private gatesBackward(firstEvent: number, endEvent: number, dStates: Float32Array, dX: Float32Array, dY: Float32Array): void {
    const { nodes, events, previous } = this.schedule;
    const { embedding: width } = this.widths;
    const states = workspace.take("states", (firstEventRow(nodes) + events) * width);
    const resets = workspace.take("resets", events * width);
    const updates = workspace.take("updates", events * width);
    const candidates = workspace.take("candidates", events * width);
    const stateParts = workspace.take("stateParts", events * width);
    for (let event = firstEvent; event < endEvent; event++) {
      const at = event * 3 * width;
      const saved = event * width;
      const before = (previous[event] as number) * width;
      const after = (firstEventRow(nodes) + event) * width;
      for (let i = 0; i < width; i++) {
        const dAfter = dStates[after + i] as number;
        const r = resets[saved + i] as number;
        const z = updates[saved + i] as number;
        const candidate = candidates[saved + i] as number;
        const dCandidate = dAfter * (1 - z) * (1 - candidate * candidate);
        const dUpdate = dAfter * ((states[before + i] as number) - candidate) * z * (1 - z);
        const dReset = dCandidate * (stateParts[saved + i] as number) * r * (1 - r);
        dX[at + i] = dReset;
        dX[at + width + i] = dUpdate;
        dX[at + 2 * width + i] = dCandidate;
        dY[at + i] = dReset;
        dY[at + width + i] = dUpdate;
        dY[at + 2 * width + i] = dCandidate * r;
        dStates[before + i] = (dStates[before + i] as number) + dAfter * z;
      }
    }
  }

  private average({ firstEvent, endEvent }: ScheduleStep, states: Float32Array): void {
    const { nodes, sourceStart, sources } = this.schedule;
    const { embedding: width } = this.widths;
    for (let event = firstEvent; event < endEvent; event++) {
      const to = (firstEventRow(nodes) + event) * width;
      const start = sourceStart[event] as number;
      const end = sourceStart[event + 1] as number;
      for (let i = 0; i < width; i++) {
        let sum = 0;
        for (let s = start; s < end; s++) sum += states[(sources[s] as number) * width + i] as number;
        states[to + i] = sum / (end - start);
      }
    }
  }

  private averageBackward({ firstEvent, endEvent }: ScheduleStep, dStates: Float32Array): void {
    const { nodes, events, sourceStart, sources } = this.schedule;
    const { embedding: width } = this.widths;
    for (let event = firstEvent; event < endEvent; event++) {
      const from = (firstEventRow(nodes) + event) * width;
      const start = sourceStart[event] as number;
      const end = sourceStart[event + 1] as number;
      for (let s = start; s < end; s++) {
        const to = (sources[s] as number) * width;
        for (let i = 0; i < width; i++) dStates[to + i] = (dStates[to + i] as number) + (dStates[from + i] as number) / (end - start);
      }
      // A mean is no update: nothing of it may enter the sums over updates.
      const at = event * 3 * width;
      workspace.take("dX", events * 3 * width).fill(0, at, at + 3 * width);
      workspace.take("dY", events * 3 * width).fill(0, at, at + 3 * width);
    }
  }

  /** Sums over all updates of a set at once: few large products instead of many small ones. */
  private parameterGradients(dMessages: Float32Array): Float32Array {
    const { schedule, widths } = this;
    const { nodes, events, messages, sender, previous, sourceStart, setEvents, setMessages } = schedule;
    const { embedding: width, message } = widths;
    const states = workspace.take("states", (firstEventRow(nodes) + events) * width);
    const sums = workspace.take("sums", events * message);
    const dX = workspace.take("dX", events * 3 * width);
    const dY = workspace.take("dY", events * 3 * width);
    const senders = new Float32Array(events);
    for (let event = 0; event < events; event++) senders[event] = (sourceStart[event + 1] as number) - (sourceStart[event] as number);
    const size = packedSize(widths);
    const result = new Float32Array(schedule.sets * size);
    const identity = countingTo(Math.max(events, messages));
    for (let set = 0; set < schedule.sets; set++) {
      const gradient = views(widths, result.subarray(set * size, (set + 1) * size));
      const [firstEvent, endEvent] = [setEvents[set] as number, setEvents[set + 1] as number];
      const [firstMessage, endMessage] = [setMessages[set] as number, setMessages[set + 1] as number];
      accumulateOuter(states, sender, width, dMessages, message, firstMessage, endMessage, gradient.w1);
      accumulateColumns(dMessages, message, firstMessage, endMessage, gradient.b1);
      accumulateOuter(sums, identity, message, dX, 3 * width, firstEvent, endEvent, gradient.gates);
      accumulateColumns(dX, 3 * width, firstEvent, endEvent, gradient.perMessage, senders);
      accumulateColumns(dX, 3 * width, firstEvent, endEvent, gradient.messageBias);
      accumulateOuter(states, previous, width, dY, 3 * width, firstEvent, endEvent, gradient.state);
      accumulateColumns(dY, 3 * width, firstEvent, endEvent, gradient.stateBias);
    }
    return result;
  }

  /** Row of a node's final embedding; of node −1 the row of zeros. */
  private finalRow(node: number): number {
    return node < 0 ? this.schedule.nodes : (this.schedule.final[node] as number);
  }

  private set(set: number): ParameterSet {
    const parameters = this.sets[set];
    if (parameters === undefined) throw new Error(`There is no set of GNN parameters ${set}.`);
    return parameters;
  }
}

/** One packed set, with its matrices also by output, as the forward products read them. */
class ParameterSet {
  readonly w1: Float32Array;
  readonly w1ByOutput: Float32Array;
  readonly b1: Float32Array;
  readonly gates: Float32Array;
  readonly gatesByOutput: Float32Array;
  readonly perMessage: Float32Array;
  readonly messageBias: Float32Array;
  readonly state: Float32Array;
  readonly stateByOutput: Float32Array;
  readonly stateBias: Float32Array;

  constructor(widths: Widths, packed: Float32Array) {
    const { embedding, message } = widths;
    const { w1, b1, gates, perMessage, messageBias, state, stateBias } = views(widths, packed);
    this.w1 = w1;
    this.w1ByOutput = transposed(w1, embedding, message);
    this.b1 = b1;
    this.gates = gates;
    this.gatesByOutput = transposed(gates, message, 3 * embedding);
    this.perMessage = perMessage;
    this.messageBias = messageBias;
    this.state = state;
    this.stateByOutput = transposed(state, embedding, 3 * embedding);
    this.stateBias = stateBias;
  }
}

/** The parts of a packed set, sharing its memory. */
function views(widths: Widths, packed: Float32Array): Record<Part, Float32Array> {
  const shapes = packedShapes(widths);
  let offset = 0;
  const next = (part: Part): Float32Array => {
    const size = product(shapes[part]);
    offset += size;
    return packed.subarray(offset - size, offset);
  };
  const [w1, b1, gates, perMessage, messageBias, state, stateBias] = [
    next("w1"),
    next("b1"),
    next("gates"),
    next("perMessage"),
    next("messageBias"),
    next("state"),
    next("stateBias"),
  ];
  return { w1, b1, gates, perMessage, messageBias, state, stateBias };
}

function product(shape: readonly number[]): number {
  return shape.reduce((total, size) => total * size, 1);
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
