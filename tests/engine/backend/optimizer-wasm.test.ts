import { describe } from "vitest";
import { describeOptimizers } from "./support/optimizer-suite.ts";

describe("optimizers on wasm", () => describeOptimizers("wasm"));
