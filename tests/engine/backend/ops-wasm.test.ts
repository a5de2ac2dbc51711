import { describe } from "vitest";
import { describeOps } from "./support/suite.ts";

describe("operations on wasm", () => describeOps("wasm"));
