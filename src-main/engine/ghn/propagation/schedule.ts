import type { GhnConfig } from "../../../../src-shared/domain/config/run-config.ts";
import type { ComputationGraph } from "../../network/plan-types.ts";
import { forwardBackwardPhase, type Level, synchronousStep } from "./levels.ts";

/** Settings of the GHN that change the order of messages. */
export type PropagationSettings = Pick<GhnConfig, "propagation" | "propagationSteps" | "sharing" | "passEmbedding">;

/** One step: messages are computed first, then the events that read them. Both ranges are half-open. */
export interface ScheduleStep {
  readonly kind: "update" | "mean";
  /** Number of the set of GNN parameters. */
  readonly set: number;
  readonly firstMessage: number;
  readonly endMessage: number;
  readonly firstEvent: number;
  readonly endEvent: number;
}

/**
 * Message passing over several graphs, unrolled. Every state of every embedding has its own row, so nothing is overwritten and the backward pass is the list of
 * steps in reverse (docs/ghn.md, section 7).
 *
 * Rows: the initial embeddings of all nodes (graph by graph, block by block), one row of zeros (h of A₀, eq. 13), then one row per event. An event is the update of a
 * node (GRU) or the mean over the nodes of a block (h of Aᵢ).
 */
export interface Schedule {
  readonly nodes: number;
  /** Number of sets of GNN parameters: one, or one for each block. */
  readonly sets: number;
  readonly events: number;
  readonly messages: number;
  readonly steps: readonly ScheduleStep[];
  /** Row of the state before an event; unused for a mean. */
  readonly previous: Int32Array;
  /** `sources[sourceStart[e] … sourceStart[e + 1])`: the messages that event e adds up, or the rows that it averages. */
  readonly sourceStart: Int32Array;
  readonly sources: Int32Array;
  /** Row that a message is computed from. A message is computed once for each state of its sender that is read. */
  readonly sender: Int32Array;
  /** Row of each node's final embedding. */
  readonly final: Int32Array;
  /** First event and first message of each set, followed by the totals: [sets + 1]. */
  readonly setEvents: Int32Array;
  readonly setMessages: Int32Array;
}

/** Row of the first event: initial embeddings and the row of zeros come before it. */
export function firstEventRow(nodes: number): number {
  return nodes + 1;
}

/** Number of all rows. */
export function rowCount({ nodes, events }: Schedule): number {
  return firstEventRow(nodes) + events;
}

/**
 * Unrolls the message passing of stacked graphs (docs/ghn.md, sections 3 and 4). Graphs do not influence each other; their steps are merged so that more rows are
 * computed at once.
 *
 * @throws Error when blocks do not share GNN parameters and the graphs have different numbers of blocks
 */
export function buildSchedule(graphs: readonly ComputationGraph[], settings: PropagationSettings): Schedule {
  const writer = new ScheduleWriter(graphs, settings);
  const blocks = graphs.reduce((most, graph) => Math.max(most, graph.blocks.length), 0);
  if (settings.sharing !== "all" && graphs.some((graph) => graph.blocks.length !== blocks))
    throw new Error("Graphs with unequal numbers of blocks cannot be propagated together.");
  for (let block = 0; block < blocks; block++) writer.block(block);
  return writer.finish();
}

/** Stands for a message that has to be computed again because its sender has changed. */
const STALE = -1;

/** Progress of one graph while the schedule is written. */
interface Progress {
  readonly graph: ComputationGraph;
  /** Number of the first node of each block. */
  readonly firstNode: readonly number[];
  /** Row of the embedding of the previous block, and number of the message made from it. */
  embeddingRow: number;
  embeddingMessage: number;
}

class ScheduleWriter {
  private readonly settings: PropagationSettings;
  private readonly nodes: number;
  private readonly graphs: readonly Progress[];
  /** Row of each node's current state, and number of the message made from it. */
  private readonly row: Int32Array;
  private readonly message: Int32Array;
  private readonly previous: number[] = [];
  private readonly sourceStart: number[] = [0];
  private readonly sources: number[] = [];
  private readonly sender: number[] = [];
  private readonly steps: ScheduleStep[] = [];
  private readonly setEvents: number[] = [0];
  private readonly setMessages: number[] = [0];

  constructor(graphs: readonly ComputationGraph[], settings: PropagationSettings) {
    this.settings = settings;
    let nodes = 0;
    const firstNodes = graphs.map((graph) =>
      graph.blocks.map((block) => {
        nodes += block.nodes.length;
        return nodes - block.nodes.length;
      }),
    );
    this.nodes = nodes;
    this.graphs = graphs.map((graph, i) => ({ graph, firstNode: firstNodes[i] ?? [], embeddingRow: nodes, embeddingMessage: STALE }));
    this.row = Int32Array.from({ length: nodes }, (_, node) => node);
    this.message = new Int32Array(nodes).fill(STALE);
  }

  /** All phases of one block, in all graphs. */
  block(block: number): void {
    const { propagation, propagationSteps, sharing, passEmbedding } = this.settings;
    const levelsOf = propagation === "forward-backward" ? forwardBackwardPhase : synchronousStep;
    const active = this.graphs.flatMap((progress) => {
      const graphBlock = progress.graph.blocks[block];
      return graphBlock === undefined
        ? []
        : [
            {
              progress,
              levels: levelsOf(graphBlock),
              first: progress.firstNode[block] ?? 0,
              last: block === progress.graph.blocks.length - 1,
              size: graphBlock.nodes.length,
            },
          ];
    });
    const set = sharing === "all" ? 0 : block;
    for (const { progress } of active) progress.embeddingMessage = STALE;
    const depth = active.reduce((most, { levels }) => Math.max(most, levels.length), 0);
    for (let step = 0; step < propagationSteps; step++) {
      for (let level = 0; level < depth; level++) {
        const [firstMessage, firstEvent] = [this.sender.length, this.previous.length];
        for (const { progress, levels, first } of active) this.update(progress, levels[level] ?? [], first);
        // New states replace the old ones only after every node of the level has read its senders.
        let row = firstEventRow(this.nodes) + firstEvent;
        for (const { levels, first } of active) {
          for (const { node } of levels[level] ?? []) {
            this.row[first + node] = row++;
            this.message[first + node] = STALE;
          }
        }
        this.steps.push({ kind: "update", set, firstMessage, endMessage: this.sender.length, firstEvent, endEvent: this.previous.length });
      }
    }
    if (passEmbedding && propagationSteps > 0)
      this.averages(
        active.filter(({ last }) => !last),
        set,
      );
    if (sharing !== "all") this.endSet();
  }

  finish(): Schedule {
    if (this.settings.sharing === "all") this.endSet();
    return {
      nodes: this.nodes,
      sets: this.setEvents.length - 1,
      events: this.previous.length,
      messages: this.sender.length,
      steps: this.steps,
      previous: Int32Array.from(this.previous),
      sourceStart: Int32Array.from(this.sourceStart),
      sources: Int32Array.from(this.sources),
      sender: Int32Array.from(this.sender),
      final: this.row.slice(),
      setEvents: Int32Array.from(this.setEvents),
      setMessages: Int32Array.from(this.setMessages),
    };
  }

  private update(progress: Progress, level: Level, first: number): void {
    for (const { node, senders, takesGraphEmbedding } of level) {
      for (const sender of senders) this.sources.push(this.messageOf(first + sender));
      if (takesGraphEmbedding && this.settings.passEmbedding) {
        if (progress.embeddingMessage === STALE) progress.embeddingMessage = this.sender.push(progress.embeddingRow) - 1;
        this.sources.push(progress.embeddingMessage);
      }
      this.previous.push(this.row[first + node] as number);
      this.sourceStart.push(this.sources.length);
    }
  }

  private averages(active: readonly { progress: Progress; first: number; size: number }[], set: number): void {
    const firstEvent = this.previous.length;
    for (const { progress, first, size } of active) {
      for (let node = first; node < first + size; node++) this.sources.push(this.row[node] as number);
      this.sourceStart.push(this.sources.length);
      progress.embeddingRow = firstEventRow(this.nodes) + this.previous.push(this.nodes) - 1;
    }
    this.steps.push({ kind: "mean", set, firstMessage: this.sender.length, endMessage: this.sender.length, firstEvent, endEvent: this.previous.length });
  }

  private messageOf(node: number): number {
    const known = this.message[node] as number;
    if (known !== STALE) return known;
    const number = this.sender.push(this.row[node] as number) - 1;
    this.message[node] = number;
    return number;
  }

  private endSet(): void {
    this.setEvents.push(this.previous.length);
    this.setMessages.push(this.sender.length);
  }
}
