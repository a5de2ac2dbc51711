/** Exporting results. */
import { exportChoices, writeExport } from "../../export/index.ts";
import type { HandlersOf } from "../gate/dispatch.ts";
import { type CallContext, projectOf } from "../services/call-context.ts";

export const exportHandlers: HandlersOf<CallContext, "export.choices" | "export.write"> = {
  "export.choices": ({ subject }, context) => {
    const { folder, store } = projectOf(context);
    return exportChoices({ folder, ...store }, subject);
  },
  "export.write": async ({ subject, formats, folder, baseName, network }, context) => {
    const project = projectOf(context);
    const launcher = context.studio.exportLauncher;
    return writeExport({ folder: project.folder, ...project.store }, subject, formats, folder, baseName, {
      ...(network === undefined ? {} : { network }),
      ...(launcher === undefined ? {} : { launcher }),
    });
  },
};
