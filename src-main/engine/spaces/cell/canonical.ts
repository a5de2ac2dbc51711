import { type Cell, outputNodes } from "../../../../src-shared/domain/architecture/cell.ts";
import type { Architecture } from "../../../../src-shared/domain/architecture/network.ts";
import { canonicalText } from "../shared/canonical-text.ts";

/** Canonical form of a cell; equal exactly when two cells are isomorphic. */
export function canonicalForm(cell: Cell): string {
  return canonicalText(
    cell.nodes.map(({ operation, inputs }) => ({ label: operation, inputs })),
    outputNodes(cell),
  );
}

/** Canonical form of a whole architecture; equal exactly when normal and reduction cells are isomorphic. */
export function canonicalArchitecture({ normal, reduction }: Architecture): string {
  return reduction === undefined ? canonicalForm(normal) : `${canonicalForm(normal)} | ${canonicalForm(reduction)}`;
}
