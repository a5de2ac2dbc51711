/** Results of studies. */
import { studyData } from "../../runs/stages/study/study-data.ts";
import type { HandlersOf } from "../gate/dispatch.ts";
import { type CallContext, projectOf } from "../services/call-context.ts";

export const studyHandlers: HandlersOf<CallContext, "studies.data"> = {
  "studies.data": ({ runId }, context) => studyData(projectOf(context).store, runId),
};
