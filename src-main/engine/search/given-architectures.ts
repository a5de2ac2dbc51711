import type { SearchSpace } from "../spaces/shared/search-space.ts";
import type { SpaceTypes } from "../spaces/shared/space-types.ts";
import type { Proposal, SearchStrategy } from "./strategy.ts";

/** Proposes the architectures of a list in order, each with its name; duplicates are proposed again. */
export class GivenArchitectures<T extends SpaceTypes> implements SearchStrategy<T["architecture"]> {
  private readonly space: SearchSpace<T>;
  private readonly list: NonNullable<T["searchRun"]["cells"]>;
  private next: number;

  constructor(space: SearchSpace<T>, list: NonNullable<T["searchRun"]["cells"]>, saved: unknown) {
    this.space = space;
    this.list = list;
    this.next = (saved as { next: number } | null)?.next ?? 0;
  }

  propose(count: number): Proposal<T["architecture"]>[] {
    const chosen = this.list.slice(this.next, this.next + count);
    this.next += chosen.length;
    return chosen.map(({ name, architecture }) => ({ name, architecture, canonical: this.space.canonical(architecture) }));
  }

  observe(): void {
    // The list is fixed.
  }

  state(): { next: number } {
    return { next: this.next };
  }
}
