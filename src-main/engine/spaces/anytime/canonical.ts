import { type AnytimeArchitecture, leavesOf } from "../../../../src-shared/domain/architecture/anytime.ts";
import { canonicalText } from "../shared/canonical-text.ts";

/**
 * Canonical form. Two forms are equal exactly if renumbering the nodes within cells turns one network into the other, with the same operations, scales, exits and edges. Cells read
 * all leaves of other cells, so the forms of the individual cells suffice.
 */
export function canonicalAnytime({ scales, cells }: AnytimeArchitecture): string {
  const texts = cells.map((cell) =>
    canonicalText(
      cell.nodes.map(({ operation, inputs, scale, exit }) => ({ label: `${operation}/${scale}${exit ? "!" : ""}`, inputs })),
      leavesOf(cell),
    ),
  );
  return [`${scales} scales`, ...texts].join(" | ");
}
