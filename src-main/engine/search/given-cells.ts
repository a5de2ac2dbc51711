import type { SearchRun } from "../../../src-shared/domain/config/run-config.ts";
import { canonicalArchitecture } from "../spaces/cell/canonical.ts";
import type { Proposal, SearchStrategy } from "./strategy.ts";

/** Proposes cells of a list, one after the other, each with its name; the same cell twice if it is there twice. */
export class GivenCells implements SearchStrategy {
  private readonly cells: NonNullable<SearchRun["cells"]>;
  private next: number;

  constructor(cells: NonNullable<SearchRun["cells"]>, saved: unknown) {
    this.cells = cells;
    this.next = (saved as { next: number } | null)?.next ?? 0;
  }

  propose(count: number): Proposal[] {
    const chosen = this.cells.slice(this.next, this.next + count);
    this.next += chosen.length;
    return chosen.map(({ name, architecture }) => ({ name, architecture, cell: architecture.normal, canonical: canonicalArchitecture(architecture) }));
  }

  observe(): void {
    // The list stays as it is whatever its cells are worth.
  }

  state(): { next: number } {
    return { next: this.next };
  }
}
