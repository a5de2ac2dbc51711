/** Cells that do not belong to a run: sampling, describing, parsing and comparing them. */
import { setImmediate as breathe } from "node:timers/promises";
import type { Architecture, NetworkConfig, NetworkInput } from "../../../src-shared/domain/architecture/network.ts";
import { contradictions } from "../../../src-shared/domain/config/check-config.ts";
import { ghnTrainingRunSchema } from "../../../src-shared/domain/config/run-config.ts";
import type { DatasetConfig } from "../../../src-shared/domain/dataset.ts";
import type { CellDescription } from "../../../src-shared/domain/records/architecture-facts.ts";
import { Rng } from "../../engine/random.ts";
import { fittedNetwork } from "../../engine/spaces/cell/budget.ts";
import { canonicalForm } from "../../engine/spaces/cell/canonical.ts";
import { describeArchitecture } from "../../engine/spaces/cell/describe.ts";
import { parseCellText } from "../../engine/spaces/cell/file.ts";
import { buildPlan } from "../../engine/spaces/cell/plan.ts";
import { publishedCells, publishedInfo } from "../../engine/spaces/cell/published.ts";
import { sampleCell } from "../../engine/spaces/cell/sampler.ts";
import { UserError } from "../../lib/errors.ts";
import type { HandlersOf } from "../gate/dispatch.ts";
import type { CallContext } from "../services/call-context.ts";

/** The event loop is released after this much work, in ms. */
const STRETCH_MS = 12;

export const cellHandlers: HandlersOf<
  CallContext,
  "cells.sample" | "cells.describe" | "cells.histogram" | "cells.parse" | "cells.compare" | "cells.published"
> = {
  "cells.sample": async ({ space, network, dataset, seed, count }, { studio, project }) => {
    checkNetwork(network, dataset);
    const input = await studio.datasets.inputOf(dataset, project?.folder ?? null);
    const random = Rng.fromSeed(seed, "cells.sample");
    return inTurns(count, () => described({ normal: sampleCell(space, random) }, network, input));
  },
  "cells.describe": async ({ architecture, network, dataset }, { studio, project }) => {
    checkNetwork(network, dataset);
    return described(architecture, network, await studio.datasets.inputOf(dataset, project?.folder ?? null));
  },
  "cells.histogram": async ({ space, network, dataset, seed, count }, { studio, project }) => {
    checkNetwork(network, dataset);
    const input = await studio.datasets.inputOf(dataset, project?.folder ?? null);
    const random = Rng.fromSeed(seed, "cells.histogram");
    const counts = await inTurns(count, () => buildPlan({ normal: sampleCell(space, random) }, network, input).counts);
    return { parameters: counts.map((entry) => entry.parameters), multiplyAdds: counts.map((entry) => entry.multiplyAdds) };
  },
  "cells.parse": ({ text }) => {
    const { normal, reduction } = parseCellText(text, "The text");
    return reduction === undefined ? { normal } : { normal, reduction };
  },
  "cells.published": () => publishedCells().map(publishedInfo),
  "cells.compare": ({ a, b }) => ({ same: canonicalForm(a) === canonicalForm(b) }),
};

/** Describes a cell in its network: with the F that the multiply-add budget allows, if there is one. */
function described(architecture: Architecture, network: NetworkConfig, input: NetworkInput): CellDescription {
  return describeArchitecture(architecture, fittedNetwork(architecture, network, input), input);
}

async function inTurns<Result>(count: number, work: () => Result): Promise<Result[]> {
  const results: Result[] = [];
  let began = performance.now();
  for (let i = 0; i < count; i++) {
    results.push(work());
    if (performance.now() - began > STRETCH_MS) {
      await breathe();
      began = performance.now();
    }
  }
  return results;
}

/** @throws UserError `config-invalid` when the network cannot be built for these images */
function checkNetwork({ multiplyAddBudget: _, ...network }: NetworkConfig, dataset: DatasetConfig): void {
  const [problem] = contradictions({ ...ghnTrainingRunSchema.parse({ kind: "ghn-training" }), network, dataset }, {}).filter(({ path }) =>
    path.startsWith("network"),
  );
  if (problem !== undefined) throw new UserError(problem.message, { code: "config-invalid", field: problem.path, remedy: "Correct it in the form." });
}
