/** Decides which pages of a long list to request next. */

/** Rows per page. */
export const PAGE = 200;
/** Maximum pages per request: with an expression the host evaluates every run per request, so a few large requests are cheaper than many small ones. */
const AT_ONCE = 5;
/** Pages prefetched in the direction of scrolling, and in the other. */
const AHEAD = 20;
const BEHIND = 8;

export interface PageRequest {
  readonly first: number;
  readonly count: number;
}

export interface PageNeeds {
  /** First and last visible row. */
  readonly range: readonly [number, number];
  /** Whether the last scroll was downwards. */
  readonly down: boolean;
  /** Number of pages. */
  readonly pages: number;
  readonly requested: ReadonlySet<number>;
  /** Whether pages out of view may be requested too. */
  readonly ahead: boolean;
}

/** Visible pages are requested first and alone, so that they arrive soon, then their neighbours. Null if nothing is missing. */
export function nextPages({ range, down, pages, requested, ahead }: PageNeeds): PageRequest | null {
  const top = Math.min(pages - 1, Math.floor(range[0] / PAGE));
  const bottom = Math.min(pages - 1, Math.floor(range[1] / PAGE));
  for (let page = top; page <= bottom; page++) if (!requested.has(page)) return { first: page, count: until(page, bottom, requested) - page };
  if (!ahead) return null;
  const below = (reach: number): PageRequest | null => {
    for (let page = bottom + 1; page <= Math.min(pages - 1, bottom + reach); page++)
      if (!requested.has(page)) return { first: page, count: until(page, Math.min(pages - 1, page + AT_ONCE - 1), requested) - page };
    return null;
  };
  const above = (reach: number): PageRequest | null => {
    for (let page = top - 1; page >= Math.max(0, top - reach); page--)
      if (!requested.has(page)) {
        let first = page;
        while (first > 0 && page - first < AT_ONCE - 1 && !requested.has(first - 1)) first--;
        return { first, count: page - first + 1 };
      }
    return null;
  };
  return down ? (below(AHEAD) ?? above(BEHIND)) : (above(AHEAD) ?? below(BEHIND));
}

/** End (exclusive) of the sequence of missing pages that starts at `page`, at most `last` + 1. */
function until(page: number, last: number, requested: ReadonlySet<number>): number {
  let end = page + 1;
  while (end <= last && !requested.has(end)) end++;
  return end;
}
