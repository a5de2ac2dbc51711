import type { ProgramBuilder } from "../../network/builder.ts";
import type { NodeRef } from "../../network/plan-types.ts";
import type { Register } from "../../network/program.ts";

/** Channels of the two convolutions if the network is wide enough, as in NASNet and DARTS. */
const SQUEEZED = 128;
const EXPANDED = 768;

/**
 * A classifier on the output of a block in the middle, used in training only (paper, appendix 5.3): ReLU, 5×5 average
 * pooling with stride 3, 1×1 convolution, batch norm, ReLU, 2×2 convolution, batch norm, ReLU, classifier. Global average
 * pooling before the classifier makes it work for images of any size.
 *
 * @param source the block's output after the ReLU
 * @returns the register of the logits
 */
export function writeAuxiliaryHead(builder: ProgramBuilder, source: Register, classes: number, owner: NodeRef): Register {
  builder.startNode(owner, "auxiliary");
  const width = Math.min(SQUEEZED, builder.shape(source)[2]);
  const pooled = builder.pool(source, "avgPool", 5, 3);
  const squeezed = builder.norm(builder.conv(pooled, "squeeze/conv", "pointwise", { kernel: [1, 1], filters: width }), "squeeze");
  const filters = Math.round((EXPANDED / SQUEEZED) * width);
  const expanded = builder.norm(builder.conv(builder.relu(squeezed), "expand/conv", "conv3x3", { kernel: [2, 2], filters }), "expand");
  return builder.classifier(builder.relu(expanded), classes);
}
