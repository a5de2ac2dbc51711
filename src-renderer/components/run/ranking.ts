import type { Candidate } from "../../../src-shared/domain/run.ts";

/** Candidates by score, the best first, ties by order of proposal; each with its rank. Those without a score come last, unranked. */
export function ranked(candidates: readonly Candidate[]): Candidate[] {
  const sorted = [...candidates].sort((a, b) => (b.score ?? Number.NEGATIVE_INFINITY) - (a.score ?? Number.NEGATIVE_INFINITY) || a.index - b.index);
  return sorted.map((candidate, i) => {
    const rank = candidate.score === null ? null : i + 1;
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

/** A copy in the order of one column; missing values come last either way. */
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
