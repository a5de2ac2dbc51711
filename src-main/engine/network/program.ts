import type { NetworkInput } from "../../../src-shared/domain/architecture/network.ts";
import type { NodeDescription } from "../../../src-shared/domain/records/architecture-facts.ts";
import type { NetworkPlan, ParameterSlot } from "./plan-types.ts";

/** Index of a value that a program computes. Register 0 holds the images. */
export type Register = number;

/** The register of the images, [n, height, width, channels]. */
export const IMAGES: Register = 0;

/** One or a few kernel calls that read registers `x` or `xs` and write register `y`. Every register is written once. */
export type Step = StepKind & {
  /** The part of the network that wrote it, as names of its parameters begin: "block3/node5", "stem". */
  readonly part: string;
};

type StepKind =
  | { readonly kind: "relu"; readonly x: Register; readonly y: Register }
  | { readonly kind: "conv"; readonly x: Register; readonly y: Register; readonly weight: ParameterSlot; readonly stride: number }
  | {
      readonly kind: "depthwise";
      readonly x: Register;
      readonly y: Register;
      readonly weight: ParameterSlot;
      readonly dilation: number;
      /** Applies ReLU to x first; only set in sequences. */
      readonly relu?: boolean;
    }
  | {
      readonly kind: "norm";
      readonly x: Register;
      readonly y: Register;
      readonly scale: ParameterSlot;
      readonly shift: ParameterSlot;
      readonly statistic: number;
    }
  | { readonly kind: "maxPool" | "avgPool"; readonly x: Register; readonly y: Register; readonly size: number; readonly stride: number }
  /** Sum of the terms. Drop-path multiplies term i by mask `masks[i]`; null if the terms are never dropped (identity). */
  | { readonly kind: "sum"; readonly xs: readonly Register[]; readonly y: Register; readonly masks: readonly number[] | null }
  /** Repeats every pixel factor × factor times and crops to height × width. */
  | { readonly kind: "upsample"; readonly x: Register; readonly y: Register; readonly factor: number; readonly height: number; readonly width: number }
  | { readonly kind: "concat"; readonly xs: readonly Register[]; readonly y: Register }
  | { readonly kind: "globalAveragePool"; readonly x: Register; readonly y: Register }
  | { readonly kind: "dense"; readonly x: Register; readonly y: Register; readonly weight: ParameterSlot; readonly bias: ParameterSlot };

/**
 * The statistics of one batch norm applied to one input. An operation with two inputs shares scale and shift between its applications,
 * but each application has its own statistics: equation 1 of the paper sums separately normalised terms.
 */
export interface NormStatistic {
  /** Unique and stable, e.g. "block3/node5/sep0/0" for the first input. */
  readonly id: string;
  readonly channels: number;
}

/** Steps, with the registers that can be disposed after each. */
export interface Sequence {
  readonly steps: readonly Step[];
  /** For each step, the registers to dispose after it. */
  readonly released: readonly (readonly Register[])[];
}

/** The computation of a network: a flat list of steps in topological order. */
export interface Program {
  readonly input: NetworkInput;
  readonly steps: readonly Step[];
  /** Register of the logits, [n, classes]. */
  readonly logits: Register;
  /** Number of drop-path masks. */
  readonly masks: number;
  readonly norms: readonly NormStatistic[];
  readonly auxiliary: AuxiliaryProgram;
  /** Exits of a network with several, in the order of computation; the last one gives `logits`. */
  readonly exits?: readonly ExitProgram[];
  /** The steps of the network, optionally with those of the auxiliary head inserted where its source is available. Computed at the first call. */
  sequence(withAuxiliary: boolean): Sequence;
}

/** One exit of a network. */
export interface ExitProgram {
  readonly logits: Register;
  /** Number of steps to compute for it. */
  readonly after: number;
}

/** The auxiliary head, a side branch from the output of one block. The numbers of its norms follow those of the network. */
export interface AuxiliaryProgram {
  readonly steps: readonly Step[];
  /** Number of steps of the network after which the head's steps are inserted. */
  readonly after: number;
  readonly logits: Register;
  readonly norms: readonly NormStatistic[];
}

/** A plan that can be computed: with its program and the counts of every node. */
export interface BuiltPlan extends NetworkPlan {
  readonly program: Program;
  /** Values that a training step keeps in memory, per image; missing where they follow from `nodes`. */
  readonly activations?: number;
  /** The stem, then every node of every block, then the classifier. */
  readonly nodes: readonly NodeDescription[];
}

/** The program of a plan. @throws Error if the plan has none */
export function programOf(plan: NetworkPlan): Program {
  if (!("program" in plan)) throw new Error("This plan has no program and cannot be computed; use a plan built by a search space.");
  return (plan as BuiltPlan).program;
}

/** The registers that a step reads. */
export function inputsOf(step: Step): readonly Register[] {
  return "xs" in step ? step.xs : [step.x];
}

/** The sequences of a program, each computed when it is first needed: plans that are only counted never need them. */
export function lazySequences(steps: readonly Step[], logits: Register, auxiliary: AuxiliaryProgram): Program["sequence"] {
  let main: Sequence | undefined;
  let merged: Sequence | undefined;
  return (withAuxiliary) => {
    if (!withAuxiliary) {
      main ??= sequenceOf(steps, [logits]);
      return main;
    }
    const { after } = auxiliary;
    merged ??= sequenceOf([...steps.slice(0, after), ...auxiliary.steps, ...steps.slice(after)], [logits, auxiliary.logits]);
    return merged;
  };
}

/**
 * Determines where each register is read for the last time; `results` and the images are never released. Fuses ReLUs into depthwise convolutions and removes ReLUs
 * that no other step reads. Programs keep these ReLUs, because counts are made from programs.
 */
export function sequenceOf(program: readonly Step[], results: readonly Register[]): Sequence {
  const steps = withoutLoneRelus(program, results);
  const seen = new Set<Register>([IMAGES, ...results]);
  const released: Register[][] = new Array<Register[]>(steps.length);
  for (let i = steps.length - 1; i >= 0; i--) {
    const step = steps[i];
    const last: Register[] = [];
    if (step !== undefined) {
      for (const register of inputsOf(step)) {
        if (seen.has(register)) continue;
        seen.add(register);
        last.push(register);
      }
    }
    released[i] = last;
  }
  return { steps, released };
}

function withoutLoneRelus(program: readonly Step[], results: readonly Register[]): readonly Step[] {
  const sourceOf = new Map<Register, Register>();
  for (const step of program) if (step.kind === "relu") sourceOf.set(step.y, step.x);
  const steps = program.map((step): Step => {
    const x = step.kind === "depthwise" ? sourceOf.get(step.x) : undefined;
    return step.kind === "depthwise" && x !== undefined ? { ...step, x, relu: true } : step;
  });
  const read = new Set<Register>([...results, ...steps.flatMap((step) => inputsOf(step))]);
  return steps.filter((step) => step.kind !== "relu" || read.has(step.y));
}
