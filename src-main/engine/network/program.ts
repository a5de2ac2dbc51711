import type { NetworkInput } from "../../../src-shared/domain/architecture/network.ts";
import type { NodeDescription } from "../../../src-shared/domain/records/architecture-facts.ts";
import type { NetworkPlan, ParameterSlot } from "./plan-types.ts";

/** Number of a value that a program computes. Register 0 holds the images. */
export type Register = number;

/** The register of the images, [n, height, width, channels]. */
export const IMAGES: Register = 0;

/** One kernel call (or a few): reads the registers `x` or `xs`, writes register `y`. Every register is written once. */
export type Step =
  | { readonly kind: "relu"; readonly x: Register; readonly y: Register }
  | { readonly kind: "conv"; readonly x: Register; readonly y: Register; readonly weight: ParameterSlot; readonly stride: number }
  | {
      readonly kind: "depthwise";
      readonly x: Register;
      readonly y: Register;
      readonly weight: ParameterSlot;
      readonly dilation: number;
      /** Of max(x, 0); only sequences have it. */
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
  /** Sum of the terms. Drop-path multiplies term i by mask `masks[i]`; without masks the terms are never dropped (identity). */
  | { readonly kind: "sum"; readonly xs: readonly Register[]; readonly y: Register; readonly masks: readonly number[] | null }
  /** Every pixel repeated `factor` times a side, cut to height × width. */
  | { readonly kind: "upsample"; readonly x: Register; readonly y: Register; readonly factor: number; readonly height: number; readonly width: number }
  | { readonly kind: "concat"; readonly xs: readonly Register[]; readonly y: Register }
  | { readonly kind: "globalAveragePool"; readonly x: Register; readonly y: Register }
  | { readonly kind: "dense"; readonly x: Register; readonly y: Register; readonly weight: ParameterSlot; readonly bias: ParameterSlot };

/**
 * One batch norm as applied to one input. An operation with two inputs shares scale and shift between its two applications,
 * but each has statistics of its own: the sum in equation 1 is over separately normalised terms.
 */
export interface NormStatistic {
  /** Unique and stable, e.g. "block3/node5/sep0/0" for the first input. */
  readonly id: string;
  readonly channels: number;
}

/** Steps with the registers that nobody reads after each. */
export interface Sequence {
  readonly steps: readonly Step[];
  /** For each step, the registers to free after it. */
  readonly released: readonly (readonly Register[])[];
}

/** What computes a network: a flat list of steps in an order that works. */
export interface Program {
  readonly input: NetworkInput;
  readonly steps: readonly Step[];
  /** Register of the logits, [n, classes]. */
  readonly logits: Register;
  /** Number of drop-path masks. */
  readonly masks: number;
  readonly norms: readonly NormStatistic[];
  readonly auxiliary: AuxiliaryProgram;
  /** Exits of a network that answers several times, in that order; the last gives `logits`. Absent elsewhere. */
  readonly exits?: readonly ExitProgram[];
  /** The steps of the network, or those with the auxiliary head's put in where its source is ready. Worked out at the first call. */
  sequence(withAuxiliary: boolean): Sequence;
}

/** Where one exit answers. */
export interface ExitProgram {
  readonly logits: Register;
  /** Steps that are done by then. */
  readonly after: number;
}

/** The auxiliary head, a side branch from one block's output. Its norms are numbered on from those of the network. */
export interface AuxiliaryProgram {
  readonly steps: readonly Step[];
  /** The steps come after this many of the main network's. */
  readonly after: number;
  readonly logits: Register;
  readonly norms: readonly NormStatistic[];
}

/** A plan as `buildPlan` makes it: with its program and the counts of every node. */
export interface BuiltPlan extends NetworkPlan {
  readonly program: Program;
  /** Stem first, then every node of every block, classifier last. */
  readonly nodes: readonly NodeDescription[];
}

/** The program of a plan. @throws Error for a plan that `buildPlan` did not make */
export function programOf(plan: NetworkPlan): Program {
  if (!("program" in plan)) throw new Error("This plan has no program: only plans from buildPlan can be computed.");
  return (plan as BuiltPlan).program;
}

export function inputsOf(step: Step): readonly Register[] {
  return "xs" in step ? step.xs : [step.x];
}

/** The sequences of a program, each worked out when it is first asked for: plans that are only counted have no use for them. */
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
 * Finds where each register is read for the last time; `results` and the images are never released. Depthwise convolutions take their ReLU in, and a ReLU that nothing else reads is not
 * computed: programs, which are what is counted, keep it.
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
