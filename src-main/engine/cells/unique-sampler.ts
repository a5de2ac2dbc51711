import type { Cell } from "../../../src-shared/domain/architecture/cell.ts";
import type { NetworkConfig, NetworkInput } from "../../../src-shared/domain/architecture/network.ts";
import type { SearchSpace } from "../../../src-shared/domain/architecture/search-space.ts";
import { UserError } from "../../lib/errors.ts";
import { Rng, type RngState } from "../random.ts";
import { canonicalForm } from "../spaces/cell/canonical.ts";
import { buildPlan } from "../spaces/cell/plan.ts";
import { sampleCell } from "../spaces/cell/sampler.ts";

/** Limits on the counts of the whole network, both ends included. */
export interface CountLimits {
  readonly minParameters?: number | undefined;
  readonly maxParameters?: number | undefined;
  readonly minMultiplyAdds?: number | undefined;
  readonly maxMultiplyAdds?: number | undefined;
}

/** Whether the network of a cell keeps the limits; undefined when there are none. */
export function withinLimits(limits: CountLimits, network: NetworkConfig, input: NetworkInput): ((cell: Cell) => boolean) | undefined {
  const { minParameters = 0, maxParameters = Infinity, minMultiplyAdds = 0, maxMultiplyAdds = Infinity } = limits;
  if (minParameters === 0 && maxParameters === Infinity && minMultiplyAdds === 0 && maxMultiplyAdds === Infinity) return undefined;
  return (cell) => {
    const { parameters, multiplyAdds } = buildPlan({ normal: cell }, network, input).counts;
    return parameters >= minParameters && parameters <= maxParameters && multiplyAdds >= minMultiplyAdds && multiplyAdds <= maxMultiplyAdds;
  };
}

export interface UniqueCell {
  readonly cell: Cell;
  readonly canonical: string;
}

export interface UniqueSamplerState {
  readonly rng: RngState;
  readonly seen: readonly string[];
}

/** Attempts at one more cell before the sampler gives up. */
const MAX_ATTEMPTS = 20_000;

/**
 * Samples cells without replacement: isomorphic cells are the same cell. Cells that break the limits are never given and
 * never looked at twice.
 */
export class UniqueCellSampler {
  private readonly space: SearchSpace;
  private readonly rng: Rng;
  private readonly allowed: ((cell: Cell) => boolean) | undefined;
  private readonly given: Set<string>;
  /** Forms that break the limits. Not part of the state: they are found out again. */
  private readonly refused = new Set<string>();

  /**
   * @param options.allowed for example from `withinLimits`
   * @param options.seen canonical forms that are never given
   */
  constructor(space: SearchSpace, rng: Rng, options: { readonly allowed?: ((cell: Cell) => boolean) | undefined; readonly seen?: Iterable<string> } = {}) {
    this.space = space;
    this.rng = rng;
    this.allowed = options.allowed;
    this.given = new Set(options.seen ?? []);
  }

  /** Continues a sampler from its state: the same cells follow. @throws UserError `random-state-invalid` */
  static fromState(space: SearchSpace, state: UniqueSamplerState, allowed?: (cell: Cell) => boolean): UniqueCellSampler {
    return new UniqueCellSampler(space, Rng.fromState(state.rng), { allowed, seen: state.seen });
  }

  /**
   * A cell that was not given before.
   * @throws UserError `limits-too-narrow` when none of many new cells keeps the limits, `space-exhausted` when hardly anything new is drawn
   */
  next(): UniqueCell {
    let refusedNow = 0;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const cell = sampleCell(this.space, this.rng);
      const canonical = canonicalForm(cell);
      if (this.given.has(canonical)) continue;
      if (this.refused.has(canonical)) {
        refusedNow += 1;
        continue;
      }
      if (this.allowed !== undefined && !this.allowed(cell)) {
        this.refused.add(canonical);
        refusedNow += 1;
        continue;
      }
      this.given.add(canonical);
      return { cell, canonical };
    }
    if (refusedNow > 0 && this.given.size === 0)
      throw new UserError("No cell of the search space keeps the limits on parameters and multiply-adds.", {
        code: "limits-too-narrow",
        remedy: "Widen the limits, change the network's channels or blocks, or allow other operations.",
        field: "search.maxParameters",
      });
    throw new UserError(
      refusedNow > 0
        ? `Only ${this.given.size} different cells of the search space keep the limits on parameters and multiply-adds.`
        : `The search space seems exhausted: it has about ${this.given.size} different cells.`,
      {
        code: "space-exhausted",
        remedy: "Ask for fewer cells, or allow more operations, nodes or inputs per node.",
        field: "search.samples",
      },
    );
  }

  /** Plain JSON. */
  state(): UniqueSamplerState {
    return { rng: this.rng.state(), seen: [...this.given] };
  }
}
