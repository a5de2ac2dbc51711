/** Datasets: what there is, what is in it, getting it. */

import type { HandlersOf } from "../gate/dispatch.ts";
import type { CallContext } from "../services/call-context.ts";
import { checkDatasetPath, checkedPath } from "./checked-path.ts";

export const datasetHandlers: HandlersOf<
  CallContext,
  "datasets.list" | "datasets.describe" | "datasets.preview" | "datasets.download" | "datasets.cancelDownload" | "datasets.import"
> = {
  "datasets.list": (_input, { studio, project }) => studio.datasets.list(project?.folder ?? null),
  "datasets.describe": async ({ dataset }, context) => {
    await checkDatasetPath(context, dataset);
    return context.studio.datasets.describe(dataset, context.project?.folder ?? null);
  },
  "datasets.preview": async ({ dataset, perClass }, context) => {
    await checkDatasetPath(context, dataset);
    return context.studio.datasets.preview(dataset, perClass, context.project?.folder ?? null);
  },
  "datasets.download": ({ id }, { studio }) => {
    studio.datasets.download(id);
    return null;
  },
  "datasets.cancelDownload": ({ id }, { studio }) => {
    studio.datasets.cancelDownload(id);
    return null;
  },
  "datasets.import": async ({ id, path }, context) => context.studio.datasets.import(id, await checkedPath(context, path)),
};
