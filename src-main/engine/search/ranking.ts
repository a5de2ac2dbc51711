/** What ranking needs of a candidate. */
export interface Rankable {
  readonly index: number;
  readonly score: number | null;
  readonly scoreLoss: number | null;
}

/** Best first: by score, ties by lower loss, then by index. Candidates without a score come last. */
export function compareCandidates(a: Rankable, b: Rankable): number {
  const score = (b.score ?? -Infinity) - (a.score ?? -Infinity);
  if (score !== 0 && !Number.isNaN(score)) return score;
  const loss = (a.scoreLoss ?? Infinity) - (b.scoreLoss ?? Infinity);
  if (loss !== 0 && !Number.isNaN(loss)) return loss;
  return a.index - b.index;
}
