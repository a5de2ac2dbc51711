import { describe } from "vitest";
import { tensorflowMissing } from "../backend/support/available.ts";
import { describeForward } from "./support/forward-suite.ts";

const missing = await tensorflowMissing();

describe.skipIf(missing !== undefined)(`forward pass on TensorFlow${missing === undefined ? "" : ` (${missing})`}`, () => describeForward("tensorflow"));
