/** Every operation of cells. This table has one entry per operation; configs, forms, tables and drawings read it, and the GHN learns an embedding per entry. */

/** Determines the colour in drawings and forms. */
export type OperationFamily = "identity" | "conv" | "sep" | "dil" | "pool";

export interface OperationFacts {
  /** Short name for drawings and tables. */
  readonly label: string;
  /** Description for tooltips and forms. */
  readonly description: string;
  readonly family: OperationFamily;
  /** True for operations of the standard search space; false for additional ones of published cells, which are never sampled. */
  readonly standard: boolean;
  /** Name in genotypes of DARTS-style code; null if they do not have the operation. */
  readonly genotype: string | null;
}

/**
 * The operations of the standard search space (paper, appendix 5.1), then additional ones of published cells. The paper
 * says eight but lists nine; all nine are included, and each can be disabled in the search space. GHN files depend on the
 * order: add new operations at the end.
 */
const ENTRIES = {
  identity: { label: "identity", family: "identity", standard: true, genotype: "skip_connect", description: "Passes its input through unchanged." },
  conv1x1: { label: "1×1 conv", family: "conv", standard: true, genotype: null, description: "ReLU, 1×1 convolution, batch norm." },
  sepConv3x3: {
    label: "3×3 sep",
    family: "sep",
    standard: true,
    genotype: "sep_conv_3x3",
    description: "ReLU, 3×3 depthwise, 1×1 pointwise, batch norm; applied twice.",
  },
  sepConv5x5: {
    label: "5×5 sep",
    family: "sep",
    standard: true,
    genotype: "sep_conv_5x5",
    description: "ReLU, 5×5 depthwise, 1×1 pointwise, batch norm; applied twice.",
  },
  dilConv3x3: { label: "3×3 dil", family: "dil", standard: true, genotype: "dil_conv_3x3", description: "3×3 separable convolution with dilation 2." },
  dilConv5x5: { label: "5×5 dil", family: "dil", standard: true, genotype: "dil_conv_5x5", description: "5×5 separable convolution with dilation 2." },
  "conv1x7-7x1": {
    label: "1×7–7×1",
    family: "conv",
    standard: true,
    genotype: "conv_7x1_1x7",
    description: "1×7 and 7×1 convolutions through a bottleneck with a quarter of the channels.",
  },
  maxPool3x3: { label: "3×3 max", family: "pool", standard: true, genotype: "max_pool_3x3", description: "Maximum over a 3×3 window." },
  avgPool3x3: { label: "3×3 avg", family: "pool", standard: true, genotype: "avg_pool_3x3", description: "Mean over a 3×3 window, excluding padding." },
  sepConv7x7: {
    label: "7×7 sep",
    family: "sep",
    standard: false,
    genotype: "sep_conv_7x7",
    description: "ReLU, 7×7 depthwise, 1×1 pointwise, batch norm; applied twice.",
  },
  conv3x3: { label: "3×3 conv", family: "conv", standard: false, genotype: null, description: "ReLU, full 3×3 convolution, batch norm." },
  "conv1x3-3x1": {
    label: "1×3–3×1",
    family: "conv",
    standard: false,
    genotype: null,
    description: "1×3 and 3×1 convolutions through a bottleneck with a quarter of the channels.",
  },
  maxPool2x2: { label: "2×2 max", family: "pool", standard: false, genotype: null, description: "Maximum over a 2×2 window." },
  avgPool2x2: { label: "2×2 avg", family: "pool", standard: false, genotype: null, description: "Mean over a 2×2 window." },
} as const satisfies Readonly<Record<string, OperationFacts>>;

/** An operation of a cell. */
export type AnyOperationName = keyof typeof ENTRIES;
/** An operation of the standard search space. */
export type OperationName = { [Name in AnyOperationName]: (typeof ENTRIES)[Name]["standard"] extends true ? Name : never }[AnyOperationName];

export const OPERATION_FACTS: Readonly<Record<AnyOperationName, OperationFacts>> = ENTRIES;
export const ALL_OPERATIONS = Object.keys(ENTRIES) as [AnyOperationName, ...AnyOperationName[]];
export const OPERATIONS = ALL_OPERATIONS.filter((name) => OPERATION_FACTS[name].standard) as [OperationName, ...OperationName[]];
