/** Fuzzing of architecture files, and of what is computed from any architecture that a schema accepts. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { fromSchema } from "../../scripts/campaign/fuzz/from-schema.ts";
import { damagedJson, json, text } from "../../scripts/campaign/fuzz/hostile.ts";
import { anytimeFileText, parseAnytimeFile } from "../../src-main/engine/spaces/anytime/file.ts";
import { anytimeSpace } from "../../src-main/engine/spaces/anytime/space.ts";
import { cellFileText, parseCellFile, parseCellText } from "../../src-main/engine/spaces/cell/file.ts";
import { architectureGenotype, genotypeObstacle, parseArchitectureGenotype } from "../../src-main/engine/spaces/cell/genotype.ts";
import { cellSpace } from "../../src-main/engine/spaces/cell/space.ts";
import { ANYTIME_OPERATIONS, type AnytimeArchitecture, anytimeFileSchema } from "../../src-shared/domain/architecture/anytime.ts";
import { type Cell, cellFileSchema } from "../../src-shared/domain/architecture/cell.ts";
import type { Architecture } from "../../src-shared/domain/architecture/network.ts";
import { ALL_OPERATIONS } from "../../src-shared/domain/architecture/operations.ts";
import { sumsOf } from "../engine/spaces/cell/support/sums.ts";
import { damaged, FUZZ_TIMEOUT, fuzzRuns } from "./support/fuzz.ts";
import { parsed } from "./support/parsing.ts";

/** Inputs of a node: some of the earlier ones, without repetition. */
function inputs(own: number): fc.Arbitrary<number[]> {
  return fc.uniqueArray(fc.nat(own - 1), { minLength: 1, maxLength: 4 });
}

function cellOf(maxNodes: number): fc.Arbitrary<Cell> {
  return fc.integer({ min: 1, max: maxNodes }).chain((count) =>
    fc.record({
      nodes: fc.tuple(...Array.from({ length: count }, (_, i) => fc.record({ operation: fc.constantFrom(...ALL_OPERATIONS), inputs: inputs(2 + i) }))),
    }),
  );
}

const architecture: fc.Arbitrary<Architecture> = fc.record({ normal: cellOf(12), reduction: cellOf(4) }, { requiredKeys: ["normal"] });
const anytime: fc.Arbitrary<AnytimeArchitecture> = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }).chain((counts) =>
  fc.record({
    scales: fc.constant(3),
    cells: fc.tuple(
      ...counts.map((count, cell) =>
        fc.record({
          nodes: fc.tuple(
            ...Array.from({ length: count }, (_, i) =>
              fc.record({ operation: fc.constantFrom(...ANYTIME_OPERATIONS), inputs: inputs(2 + i), scale: fc.nat(2 - cell), exit: fc.constant(true) }),
            ),
          ),
        }),
      ),
    ),
  }),
);
const name = text.filter((value) => value.length > 0 && value.length <= 200);

it("every cell and network comes back from its file", { timeout: FUZZ_TIMEOUT }, () => {
  fc.assert(
    fc.property(architecture, anytime, name, (cell, network, given) => {
      const read = parseCellFile(cellFileText(cell, { name: given }), "here");
      expect({ normal: read.normal, ...(read.reduction === undefined ? {} : { reduction: read.reduction }) }).toEqual(cell);
      expect(read.name).toBe(given);
      expect(parseAnytimeFile(anytimeFileText(network, { name: given }), "here").architecture).toEqual(network);
    }),
    fuzzRuns(200),
  );
});

it("files of any content are read or refused, and what is read can be compared and counted", { timeout: FUZZ_TIMEOUT }, async () => {
  const cellFile = fc.oneof(
    architecture.map((cell) => JSON.parse(cellFileText(cell, { name: "A" })) as unknown),
    fromSchema(cellFileSchema),
  );
  const anytimeFile = fc.oneof(
    anytime.map((network) => JSON.parse(anytimeFileText(network, { name: "A" })) as unknown),
    fromSchema(anytimeFileSchema),
  );
  const asText = (value: unknown): string => JSON.stringify(value) ?? "";
  const anyText = fc.oneof(
    fc.oneof(cellFile, anytimeFile).map(asText),
    damagedJson(fc.oneof(cellFile, anytimeFile)).map(asText),
    json.map(asText),
    text,
    fc
      .oneof(cellFile, anytimeFile)
      .chain((file) => damaged(Buffer.from(asText(file))))
      .map((bytes) => Buffer.from(bytes).toString("utf8")),
  );
  const input = { height: 32, width: 32, channels: 3, classes: 10 };
  const network = { blocks: 3, initialChannels: 4, reductions: [1], stem: "conv3x3", stemMultiplier: 1, separableRepeats: 2, factorizedDivisor: 4 } as const;
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(anyText, async (content) => {
      const cell = await parsed(() => parseCellFile(content, "here"));
      if (cell !== null) {
        accepted++;
        await parsed(() => cellSpace.canonical({ normal: cell.normal }));
        await parsed(() => cellSpace.plan({ normal: cell.normal }, { ...network, reductions: [...network.reductions] }, input));
      }
      const several = await parsed(() => parseAnytimeFile(content, "here"));
      if (several !== null) {
        accepted++;
        await parsed(() => anytimeSpace.canonical(several.architecture));
      }
    }),
    fuzzRuns(400),
  );
  expect(accepted).toBeGreaterThan(20);
});

/** Cells of operations that genotypes have, without shared weights. */
const expressible: fc.Arbitrary<Architecture> = fc.record({ normal: cellOf(12), reduction: cellOf(4) }, { requiredKeys: ["normal"] }).map((cell) => {
  const without = ({ nodes: all }: Cell): Cell => ({
    nodes: all.map(({ operation, inputs: read }, i) => {
      const only = genotypeObstacle({ normal: { nodes: [{ operation, inputs: [0] }] } }) === null ? operation : "identity";
      const shares = genotypeObstacle({ normal: { nodes: [{ operation: only, inputs: read.map((_, j) => j) }] } }) !== null;
      return { operation: only, inputs: shares ? [read[0] ?? i] : read };
    }),
  });
  return { normal: without(cell.normal), ...(cell.reduction === undefined ? {} : { reduction: without(cell.reduction) }) };
});

it("every cell that can be a genotype computes the same when it comes back", { timeout: FUZZ_TIMEOUT }, () => {
  fc.assert(
    fc.property(expressible, (cell) => {
      expect(genotypeObstacle(cell)).toBeNull();
      const text = architectureGenotype(cell);
      const read = parseCellText(text, "here");
      expect(sumsOf(read.normal)).toEqual(sumsOf(cell.normal));
      expect(sumsOf(read.reduction ?? read.normal)).toEqual(sumsOf(cell.reduction ?? cell.normal));
    }),
    fuzzRuns(300),
  );
});

it("damaged genotypes are read or refused", { timeout: FUZZ_TIMEOUT }, async () => {
  const pieces = [
    "Genotype",
    "(",
    ")",
    "[",
    "]",
    ",",
    "=",
    "normal",
    "normal_concat",
    "reduce",
    "reduce_concat",
    "range",
    "'none'",
    "'sep_conv_3x3'",
    "0",
    "2",
    "#",
    "\n",
  ];
  const anyText = fc.oneof(
    expressible.map(architectureGenotype).chain((genotype) => damaged(Buffer.from(genotype)).map((bytes) => Buffer.from(bytes).toString("utf8"))),
    fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map((tokens) => `Genotype(${tokens.join(" ")}`),
    text,
  );
  await fc.assert(
    fc.asyncProperty(anyText, async (content) => {
      const cell = await parsed(() => parseArchitectureGenotype(content, "here"));
      if (cell !== null) await parsed(() => cellSpace.canonical({ normal: cell.normal }));
      await parsed(() => parseCellText(content, "here"));
    }),
    fuzzRuns(400),
  );
});

const nodes = (count: number, of: (i: number) => string): string => Array.from({ length: count }, (_, i) => of(i)).join(",");

it.each<[string, string]>([
  ["nested lists", `{"format":"ghn-studio-cell","version":1,"name":"A","normal":${"[".repeat(400_000)}${"]".repeat(400_000)}}`],
  ["100,000 unknown fields", `{"format":"ghn-studio-cell","version":1,${nodes(60_000, (i) => `"f${i}":0`)}}`],
  ["a field with control characters in its name", '{"format":"ghn-studio-cell","version":1,"name":"A","normal":{"nodes":[]},"\\u001b[2J":1}'],
  [
    "20,000 nodes",
    `{"format":"ghn-studio-cell","version":1,"name":"A","normal":{"nodes":[${nodes(20_000, () => '{"operation":"sepConv3x3","inputs":[0]}')}]}}`,
  ],
  [
    "nodes with 10,000 inputs",
    `{"format":"ghn-studio-cell","version":1,"name":"A","normal":{"nodes":[${nodes(20, () => `{"operation":"sepConv3x3","inputs":[${nodes(10_000, () => "0")}]}`)}]}}`,
  ],
  ["too many characters", " ".repeat(2_000_000)],
  ["a huge version", '{"format":"ghn-studio-cell","version":1e308}'],
])("a hostile file: %s", async (_, content) => {
  expect(await parsed(() => parseCellFile(content, "here"))).toBeNull();
  expect(await parsed(() => parseAnytimeFile(content, "here"))).toBeNull();
});
