/** Presets and the draft of a new run. */
import { checkRunConfig } from "../../../src-shared/domain/config/check-config.ts";
import { runConfigSchema } from "../../../src-shared/domain/config/run-config.ts";
import { listPresets } from "../../config/presets.ts";
import { authoriseConfig } from "../access/authorise-path.ts";
import type { HandlersOf } from "../gate/dispatch.ts";
import { type CallContext, projectOf } from "../services/call-context.ts";

export const draftHandlers: HandlersOf<CallContext, "presets.list" | "draft.get" | "draft.save" | "draft.check"> = {
  "presets.list": () => listPresets(),
  "draft.get": (_input, context) => projectOf(context).store.settings.draft(),
  "draft.save": (draft, context) => {
    projectOf(context).store.settings.saveDraft(draft);
    return null;
  },
  "draft.check": async ({ config }, context) => {
    const { studio, project } = context;
    const parsed = runConfigSchema.safeParse(config);
    if (!parsed.success) return { problems: checkRunConfig(config), estimate: null };
    // A draft may be incomplete, so it is sent as plain JSON, in which the gate finds no paths.
    await authoriseConfig(parsed.data, context);
    const trainImages = await studio.datasets.knownTrainImages(parsed.data.dataset, project?.folder ?? null);
    const problems = checkRunConfig(config, trainImages === undefined ? {} : { trainImages });
    if (problems.length > 0) return { problems, estimate: null };
    return { problems, estimate: await studio.estimate(parsed.data, project) };
  },
};
