import { describe } from "vitest";
import { describeGhn } from "./support/suite.ts";

describe("Graph HyperNetwork on wasm", () => describeGhn("wasm"));
