import { describe, expect, it } from "vitest";
import { canonicalArchitecture } from "../../../../src-main/engine/spaces/cell/canonical.ts";
import { parseCellText } from "../../../../src-main/engine/spaces/cell/file.ts";
import { architectureGenotype, genotypeObstacle, parseArchitectureGenotype } from "../../../../src-main/engine/spaces/cell/genotype.ts";
import { publishedCell } from "../../../../src-main/engine/spaces/cell/published.ts";
import { UserError } from "../../../../src-main/lib/errors.ts";
import type { Architecture } from "../../../../src-shared/domain/architecture/network.ts";
import { sumsOf } from "./support/sums.ts";

/** As in the authors' genotypes.py. */
const DARTS_V2 = `DARTS_V2 = Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])`;

const published = (id: string): Architecture => {
  const { normal, reduction } = publishedCell(id);
  return { normal, ...(reduction === undefined ? {} : { reduction }) };
};

function errorOf(text: string): UserError {
  try {
    parseArchitectureGenotype(text, "here");
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error("It was accepted.");
}

describe("genotypes", () => {
  it("the authors' genotype of DARTS is the published cell", () => {
    const { name, ...read } = parseArchitectureGenotype(DARTS_V2, "here");
    expect(name).toBe("DARTS_V2");
    expect(canonicalArchitecture(read)).toBe(canonicalArchitecture(published("darts-v2")));
  });

  it.each(["darts-v1", "darts-v2", "nasnet-a", "amoebanet-a", "pnasnet-5", "enas"])("a published cell comes back: %s", (id) => {
    const cell = published(id);
    expect(genotypeObstacle(cell)).toBeNull();
    const text = architectureGenotype(cell);
    const { name: _, ...read } = parseCellText(text, "here");
    expect(sumsOf(read.normal)).toEqual(sumsOf(cell.normal));
    expect(sumsOf(read.reduction ?? read.normal)).toEqual(sumsOf(cell.reduction ?? cell.normal));
    if (id !== "nasnet-a" && id !== "amoebanet-a") expect(canonicalArchitecture(read)).toBe(canonicalArchitecture(cell));
    expect(architectureGenotype(read)).toBe(text);
  });

  it("sums of several inputs take several steps, and a cell without reduction is both", () => {
    const normal: Architecture["normal"] = {
      nodes: [
        { operation: "maxPool3x3", inputs: [0, 1] },
        { operation: "sepConv5x5", inputs: [2] },
        { operation: "identity", inputs: [0, 2, 3] },
        { operation: "dilConv3x3", inputs: [2] },
      ],
    };
    const text = architectureGenotype({ normal });
    expect(text).toContain(
      "normal=[('max_pool_3x3', 1), ('max_pool_3x3', 0), ('skip_connect', 1), ('skip_connect', 2), ('skip_connect', 3), ('sep_conv_5x5', 2), ('dil_conv_3x3', 2), ('none', 0)]",
    );
    expect(text).toContain("normal_concat=[4, 5]");
    const { name: _, ...read } = parseArchitectureGenotype(text, "here");
    expect(read.reduction).toBeUndefined();
    expect(sumsOf(read.normal)).toEqual(sumsOf(normal));
  });

  it("says in a sentence why a cell is not a genotype", () => {
    const of = (operation: "conv1x1" | "sepConv3x3", inputs: number[]) => genotypeObstacle({ normal: { nodes: [{ operation, inputs }] } });
    expect(of("conv1x1", [0])).toBe("Node 2 is a 1×1 conv, which genotypes of DARTS do not have.");
    expect(of("sepConv3x3", [0, 1])).toBe("Node 2 (3×3 sep) uses the same weights for 2 inputs, but operations of a genotype do not share weights.");
    expect(of("sepConv3x3", [0])).toBeNull();
  });

  it("reads what code contains: comments, tuples, double quotes, range, an input in the concatenation", () => {
    const text = `from collections import namedtuple
Genotype = namedtuple('Genotype', 'normal normal_concat reduce reduce_concat')
MINE = Genotype(  # the best one
  reduce=(("skip_connect", 0), ("skip_connect", 0),), reduce_concat=range(1, 3),
  normal=[['none', 1], ['conv_7x1_1x7', 1]], normal_concat=list(range(2, 3)))`;
    const { name, normal, reduction } = parseCellText(text, "here");
    expect(name).toBe("MINE");
    expect(normal).toEqual({ nodes: [{ operation: "conv1x7-7x1", inputs: [0] }] });
    expect(reduction).toEqual({
      nodes: [
        { operation: "identity", inputs: [1] },
        { operation: "identity", inputs: [1, 2] },
        { operation: "identity", inputs: [0] },
      ],
    });
  });

  const OK = "[('sep_conv_3x3', 0), ('skip_connect', 1)]";
  const whole = (normal: string, concat = "[2]"): string => `Genotype(normal=${normal}, normal_concat=${concat}, reduce=${OK}, reduce_concat=[2])`;
  it.each([
    ["nothing", "hello", "no Genotype("],
    ["a cut text", DARTS_V2.slice(0, 200), "expected"],
    ["a missing field", `Genotype(normal=${OK}, normal_concat=[2], reduce=${OK})`, "reduce_concat is missing"],
    ["a field given twice", `Genotype(normal=${OK}, normal=${OK})`, "normal is given twice"],
    ["an unknown field", "Genotype(cells=[])", "expected one of normal"],
    ["two genotypes", `${DARTS_V2}\n${DARTS_V2}`, "second genotype"],
    ["code instead of a list", whole("__import__('os')"), "expected a list"],
    ["an unknown operation", whole("[('conv_9x9', 0), ('none', 0)]"), "unknown operation conv_9x9"],
    ["an odd number of operations", whole("[('none', 0)]"), "every step takes two"],
    ["a state that comes later", whole("[('skip_connect', 0), ('skip_connect', 2)]"), "reads state 2"],
    ["a step of nothing", whole("[('none', 0), ('none', 1)]"), "computes nothing"],
    ["a state that is not there", whole(OK, "[2, 7]"), "contains state 7"],
    ["no output", whole(OK, "[]"), "normal"],
    ["an output given twice", whole(OK, "[2, 2]"), "twice"],
    ["too many nodes", whole(`[${"('max_pool_3x3', 0), ('max_pool_3x3', 1), ".repeat(30)}]`), "normal"],
    ["a list without an end", whole(`[${"('none', 0), ".repeat(10_000)}]`), "more than 256"],
    ["too many characters", " ".repeat(1_000_001), "too large"],
  ])("refuses %s in one sentence", (_, text, why) => {
    const error = errorOf(text);
    expect(error.message).toContain(why);
    expect(error.message).toMatch(/^here is .*\.$/);
    expect(error.message.length).toBeLessThan(400);
  });
});
