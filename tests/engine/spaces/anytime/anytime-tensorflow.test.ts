import { describe } from "vitest";
import { tensorflowMissing } from "../../backend/support/available.ts";
import { describeAnytime } from "./support/suite.ts";

const missing = await tensorflowMissing();

describe.skipIf(missing !== undefined)(`anytime networks on TensorFlow${missing === undefined ? "" : ` (${missing})`}`, () => describeAnytime("tensorflow"));
