import type { GhnConfig } from "../../../src-shared/domain/config/run-config.ts";
import type { ParameterSpec } from "../ghn/decoder/parameter-spec.ts";
import type { EncodingSizes } from "./smash-encoding.ts";

/** Approximate number of ones in a row of the encoding: type, position, one or two inputs. */
const ONES_PER_ROW = 4;

/** Parameters of the embedding of a SMASH-style hypernetwork (docs/ghn.md, section 10). Initial values keep the second moment of the input of each ReLU near 1, and that of the embeddings near the 1/4 that the decoder expects. */
export function encoderSpecs({ hiddenSize, decoderHiddenSize: hidden }: GhnConfig, { rows, features }: EncodingSizes, blocks: number): ParameterSpec[] {
  return [
    { name: "smash/cell", shape: [rows * features, hidden], initial: { normal: Math.sqrt(1 / (ONES_PER_ROW * rows)) } },
    // One row for each block of the network: position and bias in one.
    { name: "smash/block", shape: [blocks, hidden], initial: { normal: 0.5 } },
    { name: "smash/context", shape: [hidden, hidden], initial: { normal: Math.sqrt(1 / hidden) } },
    { name: "smash/node", shape: [features, hidden], initial: { normal: Math.sqrt(1 / ONES_PER_ROW) } },
    { name: "smash/out", shape: [hidden, hiddenSize], initial: { normal: Math.sqrt(1 / (3 * hidden)) } },
    { name: "smash/out-bias", shape: [hiddenSize], initial: { constants: () => 0 } },
  ];
}
