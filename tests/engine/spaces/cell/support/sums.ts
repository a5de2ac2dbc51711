import { type Cell, outputNodes } from "../../../../../src-shared/domain/architecture/cell.ts";

/**
 * What each output of a cell computes, as sums of terms such as `sepConv3x3(input0 + input1)`, in ascending order. Identity nodes
 * disappear, and poolings are applied to each input. Sums of equal terms with separate weights look the same as shared ones.
 */
export function sumsOf(cell: Cell): string[] {
  const terms: string[][] = [["input0"], ["input1"]];
  for (const { operation, inputs } of cell.nodes) {
    const read = inputs.map((input) => terms[input] ?? []);
    terms.push(operation === "identity" ? read.flat().sort() : read.map((sum) => `${operation}(${sum.join(" + ")})`).sort());
  }
  return outputNodes(cell)
    .map((index) => (terms[index] ?? []).join(" + "))
    .sort();
}
