import { UserError } from "../../../lib/errors.ts";

/** Bounds of the search for F, and the message if even the smallest F exceeds the budget. */
export interface ChannelBounds {
  readonly least: number;
  readonly most: number;
  /** The config field of the budget. */
  readonly field: string;
  readonly remedy: string;
}

/**
 * The largest F whose network stays within a budget of multiply-adds (paper, appendix 5.3), found by bisection.
 * @param cost multiply-adds of the network with F channels; must not decrease as F increases
 * @throws UserError `budget-too-small` if even the smallest F exceeds the budget
 */
export function channelsForBudget(budget: number, { least, most, field, remedy }: ChannelBounds, cost: (channels: number) => number): number {
  const needed = cost(least);
  if (needed > budget)
    throw new UserError(
      `Even with ${least} channels, the minimum, the network needs ${needed.toLocaleString("en")} multiply-adds, more than the budget of ${budget.toLocaleString("en")}.`,
      { code: "budget-too-small", field, remedy },
    );
  let [low, high] = [least, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (cost(middle) <= budget) low = middle;
    else high = middle - 1;
  }
  return low;
}
