import { describe } from "vitest";
import { tensorflowMissing } from "./support/available.ts";
import { describeOps } from "./support/suite.ts";

const missing = await tensorflowMissing();
describe.skipIf(missing !== undefined)(`operations on TensorFlow${missing === undefined ? "" : ` (${missing})`}`, () => describeOps("tensorflow"));
