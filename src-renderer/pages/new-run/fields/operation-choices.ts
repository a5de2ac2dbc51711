import { ANYTIME_OPERATION_LABELS, ANYTIME_OPERATIONS, type AnytimeOperation } from "../../../../src-shared/domain/architecture/anytime.ts";
import { OPERATION_DESCRIPTIONS, OPERATION_LABELS, OPERATIONS, type OperationName } from "../../../../src-shared/domain/architecture/operations.ts";

/** An operation in the form; its family determines the colour, as in drawings. */
export interface OperationChoice<Name extends string> {
  readonly name: Name;
  readonly label: string;
  readonly description: string;
  readonly family: "identity" | "conv" | "sep" | "dil" | "pool";
}

const FAMILIES: Readonly<Record<OperationName, OperationChoice<OperationName>["family"]>> = {
  identity: "identity",
  conv1x1: "conv",
  sepConv3x3: "sep",
  sepConv5x5: "sep",
  dilConv3x3: "dil",
  dilConv5x5: "dil",
  "conv1x7-7x1": "conv",
  maxPool3x3: "pool",
  avgPool3x3: "pool",
};

const BOTTLENECK = "Applied after a 1×1 bottleneck on the concatenated inputs.";
const ANYTIME_DESCRIPTIONS: Readonly<Record<AnytimeOperation, string>> = {
  conv1x1: `1×1 convolution. ${BOTTLENECK}`,
  conv3x3: `3×3 convolution. ${BOTTLENECK}`,
  conv5x5: `5×5 convolution. ${BOTTLENECK}`,
  maxPool3x3: `3×3 max pooling. ${BOTTLENECK}`,
  avgPool3x3: `3×3 average pooling. ${BOTTLENECK}`,
};

/** The operations of the standard space, in the order of the paper. */
export const CELL_CHOICES: readonly OperationChoice<OperationName>[] = OPERATIONS.map((name) => ({
  name,
  label: OPERATION_LABELS[name],
  description: OPERATION_DESCRIPTIONS[name],
  family: FAMILIES[name],
}));

/** The five operations of the anytime space. */
export const ANYTIME_CHOICES: readonly OperationChoice<AnytimeOperation>[] = ANYTIME_OPERATIONS.map((name) => ({
  name,
  label: ANYTIME_OPERATION_LABELS[name],
  description: ANYTIME_DESCRIPTIONS[name],
  family: name.endsWith("Pool3x3") ? "pool" : "conv",
}));
