/** Which pages of a long list to ask for next. */

/** Rows of a page. */
export const PAGE = 200;
/** Pages that one request may cover: with an expression the host looks at every run for each request, so few large ones are cheaper than many small ones. */
const AT_ONCE = 5;
/** Pages kept ready on the side that the scroll goes to, and on the other. */
const AHEAD = 20;
const BEHIND = 8;

export interface PageRequest {
  readonly first: number;
  readonly count: number;
}

export interface PageNeeds {
  /** Rows in view, from the first to the last. */
  readonly range: readonly [number, number];
  /** Whether the last scroll went down. */
  readonly down: boolean;
  /** Pages that there are. */
  readonly pages: number;
  readonly requested: ReadonlySet<number>;
  /** Whether pages out of view may be asked for, too. */
  readonly ahead: boolean;
}

/** What is in view comes first, alone, so that it comes soon; then its neighbourhood. Null when nothing is missing. */
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

/** One behind the last page of a row of missing pages that starts at `page` and ends at `last` at most. */
function until(page: number, last: number, requested: ReadonlySet<number>): number {
  let end = page + 1;
  while (end <= last && !requested.has(end)) end++;
  return end;
}
