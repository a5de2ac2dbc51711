import { describe } from "vitest";
import { describeForward } from "./support/forward-suite.ts";

describe("forward pass on wasm", () => describeForward("wasm"));
