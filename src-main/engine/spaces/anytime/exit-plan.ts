import type { AnytimeNodeRef } from "../../../../src-shared/domain/architecture/anytime.ts";
import type { NetworkInput } from "../../../../src-shared/domain/architecture/network.ts";
import type { NodeDescription } from "../../../../src-shared/domain/records/architecture-facts.ts";
import type { ProgramBuilder } from "../../network/builder.ts";
import type { ComputationGraph, ParameterSlot } from "../../network/plan-types.ts";
import { type BuiltPlan, IMAGES, inputsOf, type NormStatistic, type Register, type Sequence, type Step, sequenceOf } from "../../network/program.ts";
import { stepCosts } from "./costs.ts";

/** An exit as it was added to the program. */
export interface WrittenExit {
  readonly logits: Register;
  /** The node that it is attached to; null in a reference. */
  readonly node: AnytimeNodeRef | null;
}

/** An exit of a plan. */
export interface PlannedExit {
  readonly node: AnytimeNodeRef | null;
  /** Multiply-adds up to and including this exit and all earlier ones; see `stepCost`. Increases from exit to exit. */
  readonly multiplyAdds: number;
}

/** A network with several exits, in the order in which they are computed. `counts.multiplyAdds` is that of the last one. */
export interface AnytimePlan extends BuiltPlan {
  readonly exits: readonly PlannedExit[];
  /** Number of batch-norm outputs for one image, a measure of the memory needed for training. */
  readonly activations: number;
}

/** The steps of one exit that no earlier exit needs. */
interface Stretch {
  readonly exit: WrittenExit;
  readonly steps: readonly number[];
}

/**
 * Orders the exits by their individual cost (ties by position), and the steps so that no exit waits for a step that it does not need. Steps that no exit needs are
 * omitted, together with their parameters.
 */
export function planByNeed(builder: ProgramBuilder, exits: readonly WrittenExit[], input: NetworkInput, graph: ComputationGraph): AnytimePlan {
  const costs = stepCosts(builder);
  const writer = new Map(builder.steps.map((step, i) => [step.y, i]));
  const alone = exits.map((exit, position) => {
    const steps = needed(builder.steps, writer, exit.logits);
    return { exit, position, steps, cost: steps.reduce((sum, i) => sum + (costs[i] ?? 0), 0) };
  });
  alone.sort((a, b) => a.cost - b.cost || a.position - b.position);
  const done = new Set<number>();
  const stretches = alone.map(({ exit, steps }): Stretch => {
    const fresh = steps.filter((i) => !done.has(i));
    for (const i of fresh) done.add(i);
    return { exit, steps: fresh };
  });
  return assemble(builder, stretches, costs, input, graph);
}

/** Keeps all steps in the order in which they were added: references are counted as published. */
export function planAsWritten(builder: ProgramBuilder, exits: readonly WrittenExit[], input: NetworkInput): AnytimePlan {
  let from = 0;
  const stretches = exits.map((exit): Stretch => {
    const end = builder.steps.findIndex((step) => step.y === exit.logits) + 1;
    const steps = Array.from({ length: end - from }, (_, i) => from + i);
    from = end;
    return { exit, steps };
  });
  return assemble(builder, stretches, stepCosts(builder), input, { blocks: [] });
}

/** Indices of the steps that a register depends on, in the order in which they were added. */
function needed(steps: readonly Step[], writer: ReadonlyMap<Register, number>, register: Register): number[] {
  const found = new Set<number>();
  const open = [register];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const number = writer.get(next);
    const step = number === undefined ? undefined : steps[number];
    if (number === undefined || step === undefined || found.has(number)) continue;
    found.add(number);
    open.push(...inputsOf(step).filter((x) => x !== IMAGES));
  }
  return [...found].sort((a, b) => a - b);
}

function assemble(builder: ProgramBuilder, stretches: readonly Stretch[], costs: readonly number[], input: NetworkInput, graph: ComputationGraph): AnytimePlan {
  const steps: Step[] = [];
  const norms: NormStatistic[] = [];
  const slots = new Set<ParameterSlot>();
  const programs: { logits: Register; after: number }[] = [];
  const exits: PlannedExit[] = [];
  let multiplyAdds = 0;
  let activations = 0;
  for (const { exit, steps: numbers } of stretches) {
    for (const number of numbers) {
      const step = builder.steps[number];
      if (step === undefined) continue;
      steps.push(step.kind === "norm" ? { ...step, statistic: norms.push(statisticOf(builder, step.statistic)) - 1 } : step);
      for (const slot of slotsOf(step)) slots.add(slot);
      multiplyAdds += costs[number] ?? 0;
      if (step.kind === "norm") activations += builder.shape(step.y).reduce((product, length) => product * length, 1);
    }
    programs.push({ logits: exit.logits, after: steps.length });
    exits.push({ node: exit.node, multiplyAdds });
  }
  const all = [...slots];
  const parameters = all.reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0);
  const logits = programs.at(-1)?.logits ?? IMAGES;
  let sequence: Sequence | undefined;
  return {
    graph,
    slots: all,
    auxiliarySlots: [],
    counts: { parameters, multiplyAdds },
    exits,
    activations,
    nodes: [] satisfies NodeDescription[],
    program: {
      input,
      steps,
      logits,
      masks: 0,
      norms,
      exits: programs,
      auxiliary: { steps: [], after: 0, logits, norms: [] },
      sequence: () => {
        sequence ??= sequenceOf(
          steps,
          programs.map((exit) => exit.logits),
        );
        return sequence;
      },
    },
  };
}

function statisticOf(builder: ProgramBuilder, number: number): NormStatistic {
  const statistic = builder.norms[number];
  if (statistic === undefined) throw new Error(`There is no batch norm ${number}.`);
  return statistic;
}

function slotsOf(step: Step): readonly ParameterSlot[] {
  switch (step.kind) {
    case "conv":
    case "depthwise":
      return [step.weight];
    case "norm":
      return [step.scale, step.shift];
    case "dense":
      return [step.weight, step.bias];
    default:
      return [];
  }
}
