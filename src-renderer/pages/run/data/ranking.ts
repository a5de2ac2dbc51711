import type { Candidate } from "../../../../src-shared/domain/records/run.ts";

/**
 * Candidates by score, best first; ties by lower loss, then by order of proposal, as in the store. Cells of the random baseline are listed among the others but have no rank; those
 * without a score come last.
 */
export function ranked(candidates: readonly Candidate[]): Candidate[] {
  const key = ({ score, scoreLoss }: Candidate): readonly [number, number] => [-(score ?? Number.NEGATIVE_INFINITY), scoreLoss ?? Number.MAX_VALUE];
  const sorted = [...candidates].sort((a, b) => {
    const [[x, u], [y, v]] = [key(a), key(b)];
    return x === y ? u - v || a.index - b.index : x - y;
  });
  let next = 1;
  return sorted.map((candidate) => {
    const rank = candidate.score === null || candidate.role === "random" ? null : next++;
    return candidate.rank === rank ? candidate : { ...candidate, rank };
  });
}

export const CANDIDATE_KEYS = [
  "rank",
  "name",
  "score",
  "scoreLoss",
  "parameters",
  "multiplyAdds",
  "role",
  "index",
  "nodes",
  "evaluationMs",
  "generationMs",
  "latencyMs",
] as const;
export type CandidateKey = (typeof CANDIDATE_KEYS)[number];

function valueFor(candidate: Candidate, key: CandidateKey): string | number | null {
  if (key === "nodes") return candidate.architecture.normal.nodes.length;
  if (key === "role") return candidate.role === "shortlist" ? 0 : candidate.role === "random" ? 1 : null;
  return candidate[key] ?? null;
}

/** A copy sorted by one column; missing values come last in both directions. */
export function sortCandidates(candidates: readonly Candidate[], sort: readonly { readonly key: string; readonly descending: boolean }[]): Candidate[] {
  const keys = sort.flatMap(({ key, descending }) =>
    CANDIDATE_KEYS.filter((known) => known === key).map((known) => ({ key: known, sign: descending ? -1 : 1 })),
  );
  return [...candidates].sort((a, b) => {
    for (const { key, sign } of keys) {
      const [x, y] = [valueFor(a, key), valueFor(b, key)];
      if (x === y) continue;
      if (x === null) return 1;
      if (y === null) return -1;
      return (typeof x === "string" ? x.localeCompare(String(y), "en", { numeric: true }) : x - Number(y)) * sign;
    }
    return a.index - b.index;
  });
}
