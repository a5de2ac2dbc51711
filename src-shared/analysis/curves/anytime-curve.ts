/** Accuracy–multiply-adds curves of anytime networks (paper, section 3.2; docs/ghn.md, section 9). Pure. */

/** One exit: multiply-adds up to and including this exit, and accuracy in [0, 1]. */
export interface ExitFigures {
  readonly multiplyAdds: number;
  readonly accuracy: number;
}

/** The range of budgets that the area covers. */
export interface CurveRange {
  /** Largest budget in multiply-adds; budgets are uniform from 0 to this value. */
  readonly maxMultiplyAdds: number;
  /** Accuracy before the first exit is reached: 1 / classes. */
  readonly chance: number;
}

/** Default of the largest budget Bmax in multiply-adds (docs/ghn.md, eq. 35): about that of MSDNet's last exit. The paper gives no range. */
export const PAPER_BUDGET = 1.2e8;

type Budgeted = Pick<ExitFigures, "multiplyAdds">;

/**
 * Index of the last exit within a budget, or −1.
 * @param exits in ascending order of multiply-adds
 */
export function exitUnderBudget(exits: readonly Budgeted[], budget: number): number {
  let answer = -1;
  exits.forEach((exit, i) => {
    if (exit.multiplyAdds <= budget) answer = i;
  });
  return answer;
}

/** Accuracy under a budget: that of the last exit within it, or chance. */
export function accuracyUnderBudget(exits: readonly ExitFigures[], budget: number, chance: number): number {
  return exits[exitUnderBudget(exits, budget)]?.accuracy ?? chance;
}

/**
 * Area under the step curve over [0, maxMultiplyAdds], divided by maxMultiplyAdds: the expected accuracy under a budget that is uniform over the range. A later
 * exit is used even if it is worse than an earlier one, because this is unknown at run time. In [0, 1]; exits beyond the range are ignored.
 */
export function areaUnderCurve(exits: readonly ExitFigures[], { maxMultiplyAdds, chance }: CurveRange): number {
  if (!(maxMultiplyAdds > 0)) throw new RangeError(`The largest budget must be positive (got ${maxMultiplyAdds}).`);
  let area = 0;
  let from = 0;
  let accuracy = chance;
  for (const exit of exits) {
    const to = Math.min(exit.multiplyAdds, maxMultiplyAdds);
    area += (to - from) * accuracy;
    from = to;
    accuracy = exit.accuracy;
  }
  return (area + (maxMultiplyAdds - from) * accuracy) / maxMultiplyAdds;
}

/** A corner of the step curve. `exit` is the exit reached there; −1 at both ends. */
export interface CurvePoint {
  readonly multiplyAdds: number;
  readonly accuracy: number;
  readonly exit: number;
}

/** The corners of the step curve from 0 to the end of the range: two points per exit. */
export function stepCurve(exits: readonly ExitFigures[], { maxMultiplyAdds, chance }: CurveRange): CurvePoint[] {
  const points: CurvePoint[] = [{ multiplyAdds: 0, accuracy: chance, exit: -1 }];
  let accuracy = chance;
  exits.forEach(({ multiplyAdds, accuracy: reached }, exit) => {
    if (multiplyAdds > maxMultiplyAdds) return;
    points.push({ multiplyAdds, accuracy, exit: exit - 1 }, { multiplyAdds, accuracy: reached, exit });
    accuracy = reached;
  });
  points.push({ multiplyAdds: maxMultiplyAdds, accuracy, exit: -1 });
  return points;
}

/** Describes the range: "budgets of 0 to 120 M multiply-adds, chance 10 % before the first exit". */
export function rangeWords({ maxMultiplyAdds, chance }: CurveRange): string {
  const millions = maxMultiplyAdds / 1e6;
  return `budgets of 0 to ${Number(millions.toPrecision(4))} M multiply-adds, chance ${Number((100 * chance).toPrecision(3))} % before the first exit`;
}
