import { type AnytimeArchitecture, leavesOf } from "../../../../src-shared/domain/architecture/anytime.ts";
import { canonicalText } from "../shared/canonical-text.ts";

/**
 * Canonical form; equal exactly when renumbering the nodes within cells turns one network into the other: the same operations, scales, exits and edges. Cells read
 * each other's leaves as a whole, so the forms of the cells suffice.
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
