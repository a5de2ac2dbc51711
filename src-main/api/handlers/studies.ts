/** What studies found. */
import { studyData } from "../../runs/stages/study/study-data.ts";
import { type CallContext, projectOf } from "../context.ts";
import type { HandlersOf } from "../gate/dispatch.ts";

export const studyHandlers: HandlersOf<CallContext, "studies.data"> = {
  "studies.data": ({ runId }, context) => studyData(projectOf(context).store, runId),
};
