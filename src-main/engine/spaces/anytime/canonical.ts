import { type AnytimeArchitecture, leavesOf } from "../../../../src-shared/domain/architecture/anytime.ts";
import { canonicalText } from "../shared/canonical-text.ts";

/**
 * A text that two networks share exactly when renumbering the nodes within their cells turns one into the other: the same operations, scales, exits and edges. Cells read
 * each other's leaves as a whole, so that the forms of the cells are enough.
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
