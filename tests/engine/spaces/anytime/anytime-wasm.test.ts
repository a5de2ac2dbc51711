import { describe } from "vitest";
import { describeAnytime } from "./support/suite.ts";

describe("anytime networks on wasm", () => describeAnytime("wasm"));
