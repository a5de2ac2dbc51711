/** Networks with several exits: candidates and trainings of a project, and networks that do not belong to a run. */
import { contradictions } from "../../../src-shared/domain/config/check-config.ts";
import { anytimeGhnRunSchema } from "../../../src-shared/domain/config/run-config.ts";
import { Rng } from "../../engine/random.ts";
import { canonicalAnytime } from "../../engine/spaces/anytime/canonical.ts";
import { parseAnytimeFile } from "../../engine/spaces/anytime/file.ts";
import { buildAnytimePlan } from "../../engine/spaces/anytime/plan.ts";
import { sampleAnytime } from "../../engine/spaces/anytime/sampler.ts";
import { UserError } from "../../lib/errors.ts";
import type { HandlersOf } from "../gate/dispatch.ts";
import { type CallContext, projectOf } from "../services/call-context.ts";

export const anytimeHandlers: HandlersOf<CallContext, "anytime.candidates" | "anytime.trainings" | "anytime.sample" | "anytime.parse"> = {
  "anytime.candidates": ({ runId, limit }, context) => projectOf(context).store.candidates.in("anytime").list(runId, { limit, stages: true }).rows,
  "anytime.trainings": ({ runId }, context) => projectOf(context).store.trainings.in("anytime").listAll(runId),
  "anytime.sample": async ({ space, network, dataset, seed, count }, { studio, project }) => {
    const [problem] = contradictions(anytimeGhnRunSchema.parse({ kind: "anytime-ghn", space, network, dataset })).filter(({ path }) =>
      path.startsWith("space"),
    );
    if (problem !== undefined) throw new UserError(problem.message, { code: "config-invalid", field: problem.path, remedy: "Correct it in the form." });
    const input = await studio.datasets.inputOf(dataset, project?.folder ?? null);
    const random = Rng.fromSeed(seed, "anytime.sample");
    return Array.from({ length: count }, () => {
      const architecture = sampleAnytime(space, random);
      const { counts, exits } = buildAnytimePlan(architecture, network, input);
      return { architecture, canonical: canonicalAnytime(architecture), ...counts, exits };
    });
  },
  "anytime.parse": ({ json }) => parseAnytimeFile(json, "The text").architecture,
};
