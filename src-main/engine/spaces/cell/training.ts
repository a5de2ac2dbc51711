import { UserError } from "../../../lib/errors.ts";
import { WEIGHTS_FILE_FORMAT, type WeightsManifest } from "../../formats/weights-file.ts";
import { BATCH_NORM_EPSILON } from "../../network/forward.ts";
import { ACCURACY_TRAINING, accuraciesOf } from "../shared/single-output.ts";
import type { TrainingDescription } from "../shared/training-description.ts";
import { buildPlan } from "./plan.ts";
import type { CellTypes } from "./types.ts";

/** Training of cells from scratch (paper, appendix 5.3). */
export const cellTraining: TrainingDescription<CellTypes> = {
  ...ACCURACY_TRAINING,
  networkOf({ architecture }, { network }, input) {
    const { multiplyAddBudget, initialChannels } = network;
    if (multiplyAddBudget === undefined) return network;
    // F was computed before the config was frozen, but a config from elsewhere may have a different one.
    const { multiplyAdds } = buildPlan(architecture, network, input).counts;
    if (multiplyAdds > multiplyAddBudget)
      throw new UserError(
        `With F = ${initialChannels} the network needs ${multiplyAdds.toLocaleString("en")} multiply-adds, more than the budget of ${multiplyAddBudget.toLocaleString("en")}.`,
        { code: "budget-exceeded", field: "network.initialChannels", remedy: "Create the run again, which solves for F, or remove the budget." },
      );
    return network;
  },
  plan: ({ architecture }, network, input) => buildPlan(architecture, network, input),
  drawing: ({ architecture }) => architecture,
  protocol: (training) => ({ ...training, nesterov: false }),
  record: (fields, trained) => ({ ...fields, architecture: trained.subject.architecture, ...accuraciesOf(trained) }),
  weightsFile({ name, parameters, multiplyAdds, validationAccuracy, testAccuracy, seed }, { subject, network, images }) {
    const { dataset, input } = images;
    const manifest: WeightsManifest = {
      version: 1,
      name,
      architecture: subject.architecture,
      network,
      input,
      normalisation: { mean: dataset.mean, std: dataset.std },
      classNames: dataset.classNames,
      dataset: { id: dataset.id, fingerprint: dataset.fingerprint },
      batchNormEpsilon: BATCH_NORM_EPSILON,
      parameters,
      multiplyAdds,
      validationAccuracy,
      testAccuracy,
      seed,
    };
    return { format: WEIGHTS_FILE_FORMAT, manifest };
  },
};
