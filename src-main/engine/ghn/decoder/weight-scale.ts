import type { SlotRole } from "../../network/plan-types.ts";

/** Scale of all weights without fan-in normalisation. */
const PLAIN_SCALE = 0.1;

/**
 * The factor s that raw values p of order one are multiplied by (docs/ghn.md, eqs. 17 and 20). With fan-in normalisation it is √(β / fan-in): β = 1 for depthwise and
 * 1×k kernels and for the classifier, otherwise 2. Batch norm uses 2 σ(p / 2) and tanh(p / 5) and biases p / 10, with and without it.
 *
 * @param fanIn inputs that are summed into one output
 */
export function weightScale(role: SlotRole, fanIn: number, fanInNormalisation: boolean): number {
  switch (role) {
    case "scale":
      return 1 / 2;
    case "shift":
      return 1 / 5;
    case "bias":
      return 1 / 10;
    case "depthwise":
    case "conv1xk":
    case "convkx1":
    case "classifier":
      return fanInNormalisation ? Math.sqrt(1 / fanIn) : PLAIN_SCALE;
    default:
      return fanInNormalisation ? Math.sqrt(2 / fanIn) : PLAIN_SCALE;
  }
}
