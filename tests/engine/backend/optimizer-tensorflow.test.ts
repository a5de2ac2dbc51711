import { describe } from "vitest";
import { tensorflowMissing } from "./support/available.ts";
import { describeOptimizers } from "./support/optimizer-suite.ts";

const missing = await tensorflowMissing();
describe.skipIf(missing !== undefined)(`optimizers on TensorFlow${missing === undefined ? "" : ` (${missing})`}`, () => describeOptimizers("tensorflow"));
