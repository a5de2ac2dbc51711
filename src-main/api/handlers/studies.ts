/** What studies found. */
import { studyData } from "../../runs/study-data.ts";
import { type CallContext, projectOf } from "../context.ts";
import type { HandlersOf } from "../dispatch.ts";

export const studyHandlers: HandlersOf<CallContext, "studies.data"> = {
  "studies.data": ({ runId }, context) => studyData(projectOf(context).store, runId),
};
