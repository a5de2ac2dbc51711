/** The accuracy–multiply-adds curve of networks that answer at several exits (paper, section 3.2; notes, section 4). Pure. */

/** One exit: multiply-adds spent when it answers, everything before it included, and its accuracy in [0, 1]. */
export interface ExitFigures {
  readonly multiplyAdds: number;
  readonly accuracy: number;
}

/** What the area is taken over. */
export interface CurveRange {
  /** Largest budget in multiply-adds; budgets are uniform from 0 to here. The notes take 120 million. */
  readonly maxMultiplyAdds: number;
  /** Accuracy before the first exit is reached: 1 / classes. */
  readonly chance: number;
}

/** Bmax of the notes, section 4. */
export const PAPER_BUDGET = 1.2e8;

type Budgeted = Pick<ExitFigures, "multiplyAdds">;

/**
 * Which exit answers under a budget: the last that is reached within it. −1 when none is.
 * @param exits in the order in which they answer, so that multiply-adds rise
 */
export function exitUnderBudget(exits: readonly Budgeted[], budget: number): number {
  let answer = -1;
  exits.forEach((exit, i) => {
    if (exit.multiplyAdds <= budget) answer = i;
  });
  return answer;
}

/** Accuracy under a budget: that of the exit that answers, or chance. */
export function accuracyUnderBudget(exits: readonly ExitFigures[], budget: number, chance: number): number {
  return exits[exitUnderBudget(exits, budget)]?.accuracy ?? chance;
}

/**
 * Area under the step curve over [0, maxMultiplyAdds], divided by maxMultiplyAdds: the expected accuracy under a budget that is uniform over the range. A later exit
 * that is worse than one before still answers, since nobody knows at run time. In [0, 1]; exits beyond the range do not count.
 */
export function areaUnderCurve(exits: readonly ExitFigures[], { maxMultiplyAdds, chance }: CurveRange): number {
  if (!(maxMultiplyAdds > 0)) throw new RangeError(`The range of budgets must be positive but is ${maxMultiplyAdds}.`);
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

/** A corner of the step curve as it is drawn. `exit` is the exit reached there; −1 at the two ends. */
export interface CurvePoint {
  readonly multiplyAdds: number;
  readonly accuracy: number;
  readonly exit: number;
}

/** The step curve from 0 to the end of the range, corner by corner: two points at each exit within it. */
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

/** The range in words, to stand beside every area: "budgets of 0 to 120 M multiply-adds, chance 10 % before the first exit". */
export function rangeWords({ maxMultiplyAdds, chance }: CurveRange): string {
  const millions = maxMultiplyAdds / 1e6;
  return `budgets of 0 to ${Number(millions.toPrecision(4))} M multiply-adds, chance ${Number((100 * chance).toPrecision(3))} % before the first exit`;
}
