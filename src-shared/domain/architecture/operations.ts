/**
 * The operations of the standard search space (paper, appendix 5.1). The paper says eight but lists nine;
 * all nine are included, and each can be disabled in the search space.
 */
export const OPERATIONS = ["identity", "conv1x1", "sepConv3x3", "sepConv5x5", "dilConv3x3", "dilConv5x5", "conv1x7-7x1", "maxPool3x3", "avgPool3x3"] as const;

export type OperationName = (typeof OPERATIONS)[number];

/** Additional operations of published cells; never sampled by default. */
export const EXTRA_OPERATIONS = ["sepConv7x7", "conv3x3", "conv1x3-3x1", "maxPool2x2", "avgPool2x2"] as const;

export type ExtraOperationName = (typeof EXTRA_OPERATIONS)[number];
export type AnyOperationName = OperationName | ExtraOperationName;

export const ALL_OPERATIONS: readonly AnyOperationName[] = [...OPERATIONS, ...EXTRA_OPERATIONS];

/** Short names for drawings and tables. */
export const OPERATION_LABELS: Readonly<Record<AnyOperationName, string>> = {
  identity: "identity",
  conv1x1: "1×1 conv",
  sepConv3x3: "3×3 sep",
  sepConv5x5: "5×5 sep",
  dilConv3x3: "3×3 dil",
  dilConv5x5: "5×5 dil",
  "conv1x7-7x1": "1×7–7×1",
  maxPool3x3: "3×3 max",
  avgPool3x3: "3×3 avg",
  sepConv7x7: "7×7 sep",
  conv3x3: "3×3 conv",
  "conv1x3-3x1": "1×3–3×1",
  maxPool2x2: "2×2 max",
  avgPool2x2: "2×2 avg",
};

/** Descriptions for tooltips and forms. */
export const OPERATION_DESCRIPTIONS: Readonly<Record<AnyOperationName, string>> = {
  identity: "Passes its input through unchanged.",
  conv1x1: "ReLU, 1×1 convolution, batch norm.",
  sepConv3x3: "ReLU, 3×3 depthwise, 1×1 pointwise, batch norm; applied twice.",
  sepConv5x5: "ReLU, 5×5 depthwise, 1×1 pointwise, batch norm; applied twice.",
  dilConv3x3: "3×3 separable convolution with dilation 2.",
  dilConv5x5: "5×5 separable convolution with dilation 2.",
  "conv1x7-7x1": "1×7 and 7×1 convolutions through a bottleneck with a quarter of the channels.",
  maxPool3x3: "Maximum over a 3×3 window.",
  avgPool3x3: "Mean over a 3×3 window, excluding padding.",
  sepConv7x7: "ReLU, 7×7 depthwise, 1×1 pointwise, batch norm; applied twice.",
  conv3x3: "ReLU, full 3×3 convolution, batch norm.",
  "conv1x3-3x1": "1×3 and 3×1 convolutions through a bottleneck with a quarter of the channels.",
  maxPool2x2: "Maximum over a 2×2 window.",
  avgPool2x2: "Mean over a 2×2 window.",
};
