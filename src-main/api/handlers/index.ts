/** All handlers of the contract; a call without one is a type error here. */

import type { Handlers } from "../gate/dispatch.ts";
import type { CallContext } from "../services/call-context.ts";
import { anytimeHandlers } from "./anytime.ts";
import { cellHandlers } from "./cells.ts";
import { datasetHandlers } from "./datasets.ts";
import { draftHandlers } from "./drafts.ts";
import { exportHandlers } from "./exports.ts";
import { projectHandlers } from "./projects.ts";
import { runHandlers } from "./runs.ts";
import { studyHandlers } from "./studies.ts";
import { systemHandlers } from "./system.ts";

export const handlers: Handlers<CallContext> = {
  ...systemHandlers,
  ...projectHandlers,
  ...draftHandlers,
  ...runHandlers,
  ...cellHandlers,
  ...anytimeHandlers,
  ...datasetHandlers,
  ...exportHandlers,
  ...studyHandlers,
};
