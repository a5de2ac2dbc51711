import type { GhnConfig } from "../../../src-shared/domain/config/run-config.ts";
import type { Backend, Optimizer } from "../backend/index.ts";
import type { WeightGenerator } from "../ghn/weight-generator.ts";

/** How ENAS trains shared weights (Pham et al., 2018, section 3): SGD with Nesterov momentum and weight decay. */
const SHARED_WEIGHTS = { momentum: 0.9, nesterov: true, weightDecay: 1e-4 };

/**
 * The optimizer that trains a generator: Adam for hypernetworks (paper, appendix 5.2), SGD for the weights of a one-shot supernet, of which only those on the sampled path move.
 * @param clipNorm largest norm of the gradient; 0 is off
 */
export function generatorOptimizer(backend: Backend, { generator }: Pick<GhnConfig, "generator">, { variables }: WeightGenerator, clipNorm: number): Optimizer {
  if (generator !== "one-shot")
    return backend.createAdam(
      variables.map((variable) => ({ variable })),
      { clipNorm },
    );
  const { weightDecay, ...sgd } = SHARED_WEIGHTS;
  // Scales, shifts and biases are vectors and do not decay, as in trainings from scratch.
  return backend.createSgd(
    variables.map((variable) => ({ variable, weightDecay: variable.rank > 1 ? weightDecay : 0 })),
    { ...sgd, clipNorm, sampled: true },
  );
}
