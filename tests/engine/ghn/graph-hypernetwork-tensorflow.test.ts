import { describe } from "vitest";
import { tensorflowMissing } from "../backend/support/available.ts";
import { describeGhn } from "./support/suite.ts";

const missing = await tensorflowMissing();

describe.skipIf(missing !== undefined)(`Graph HyperNetwork on TensorFlow${missing === undefined ? "" : ` (${missing})`}`, () => describeGhn("tensorflow"));
