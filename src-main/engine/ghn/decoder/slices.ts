import type { ParameterSlot, SlotRole } from "../../network/plan-types.ts";
import type { OutputHead, OutputHeadName } from "../../spaces/shared/network-family.ts";

/** How a slot is cut: rows of one output head that follow each other along the leading axes of the slot. */
export interface SlotRows {
  readonly head: OutputHeadName;
  readonly rows: readonly RowShape[];
}

/** One row of an output head. */
export interface RowShape {
  /** Sizes along the axes of the head. */
  readonly sizes: readonly number[];
  /** The same values as a part of the weight. */
  readonly shape: readonly number[];
}

/** Sides of the kernels of full convolutions. */
const KERNEL_SIDES = { conv3x3: 3, conv5x5: 5 } as const;

/**
 * Cuts a slot into rows of its output head (docs/ghn.md, section 6): one row per source for weights that read a concatenation, one row per kernel position for full
 * 3×3 and 5×5 convolutions, otherwise a single row.
 * @throws Error for a shape that does not fit the slot's role
 */
export function rowsOfSlot(slot: ParameterSlot): SlotRows {
  const { role, shape } = slot;
  const [a = 0, b = 0, c = 0, d = 0] = shape;
  const one = (head: OutputHeadName, ...sizes: number[]): SlotRows => ({ head, rows: [{ sizes, shape }] });
  switch (role) {
    case "stem":
      return one("stem", a, b, c * d);
    case "bottleneck":
      return { head: role, rows: rowPerSource(slot, (channels) => [1, 1, channels, d]) };
    case "classifier":
      return { head: role, rows: rowPerSource(slot, (channels) => [channels, b]) };
    case "pointwise":
      return one(role, c, d);
    case "conv3x3":
    case "conv5x5": {
      // Each kernel position is a 1×1 kernel of the pointwise head: a separate head would be larger than all the others together.
      const side = KERNEL_SIDES[role];
      if (a !== side || b !== side) throw new Error(`The slot ${slot.id} does not have a ${side}×${side} kernel.`);
      return { head: "pointwise", rows: Array.from({ length: side * side }, () => ({ sizes: [c, d], shape: [1, 1, c, d] })) };
    }
    case "conv1xk":
      return one(role, b, c, d);
    case "convkx1":
      return one(role, a, c, d);
    case "depthwise":
      return one(role, a, b, c);
    case "scale":
    case "shift":
    case "bias":
      return one(role, a);
  }
}

/**
 * Position of one row of a full convolution in the largest kernel, around whose centre smaller kernels are placed (docs/ghn.md, eq. 19).
 *
 * @param row number of the row in the slot: kernel positions in row-major order
 * @param kernelSide side of the largest kernel
 * @returns the position in row-major order; −1 for weights that have one row for the whole kernel
 * @throws Error when the kernel is larger than the largest
 */
export function kernelPosition(role: SlotRole, row: number, kernelSide: number): number {
  if (role !== "conv3x3" && role !== "conv5x5") return -1;
  const side = KERNEL_SIDES[role];
  if (side > kernelSide) throw new Error(`The GHN generates full kernels of at most ${kernelSide}×${kernelSide}, not ${side}×${side}.`);
  const border = (kernelSide - side) / 2;
  return (Math.floor(row / side) + border) * kernelSide + (row % side) + border;
}

function rowPerSource(slot: ParameterSlot, shapeOf: (channels: number) => number[]): RowShape[] {
  const parts = slot.parts ?? [];
  const inputs = slot.shape.at(-2);
  if (parts.reduce((sum, { channels }) => sum + channels, 0) !== inputs) throw new Error(`The parts of slot ${slot.id} do not add up to its ${inputs} inputs.`);
  return parts.map(({ channels }) => ({ sizes: [channels, slot.shape.at(-1) ?? 0], shape: shapeOf(channels) }));
}

/** Where a row's slice begins in its output head (docs/ghn.md, eq. 18). @throws Error when the head is smaller */
export function sliceBegin({ sizes, centred }: OutputHead, wanted: readonly number[], name: OutputHeadName): number[] {
  return sizes.map((size, axis) => {
    const length = wanted[axis] ?? 0;
    if (length > size) throw new Error(`The GHN generates weights “${name}” of at most [${sizes.join(", ")}], not [${wanted.join(", ")}].`);
    return axis < centred ? (size - length) >> 1 : 0;
  });
}
