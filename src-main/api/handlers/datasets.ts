/** Datasets: listing, describing, downloading, importing. */

import type { HandlersOf } from "../gate/dispatch.ts";
import type { CallContext } from "../services/call-context.ts";

export const datasetHandlers: HandlersOf<
  CallContext,
  "datasets.list" | "datasets.describe" | "datasets.preview" | "datasets.download" | "datasets.cancelDownload" | "datasets.import"
> = {
  "datasets.list": (_input, { studio, project }) => studio.datasets.list(project?.folder ?? null),
  "datasets.describe": ({ dataset }, { studio, project }) => studio.datasets.describe(dataset, project?.folder ?? null),
  "datasets.preview": ({ dataset, perClass }, { studio, project }) => studio.datasets.preview(dataset, perClass, project?.folder ?? null),
  "datasets.download": ({ id }, { studio }) => {
    studio.datasets.download(id);
    return null;
  },
  "datasets.cancelDownload": ({ id }, { studio }) => {
    studio.datasets.cancelDownload(id);
    return null;
  },
  "datasets.import": ({ id, path }, { studio }) => studio.datasets.import(id, path),
};
