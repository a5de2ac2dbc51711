import { describe, expect, it } from "vitest";
import { nextPages, PAGE } from "../../../../src-renderer/pages/runs/page-requests.ts";

const rows = (from: number, to: number): readonly [number, number] => [from * PAGE + 3, to * PAGE + 40];

describe("pages of a long list", () => {
  it("requests visible pages first, and only missing ones", () => {
    expect(nextPages({ range: rows(3, 4), down: true, pages: 50, requested: new Set(), ahead: true })).toEqual({ first: 3, count: 2 });
    expect(nextPages({ range: rows(3, 4), down: true, pages: 50, requested: new Set([3]), ahead: false })).toEqual({ first: 4, count: 1 });
  });

  it("then prefetches in the scroll direction, then in the other", () => {
    const seen = new Set([10]);
    expect(nextPages({ range: rows(10, 10), down: true, pages: 50, requested: seen, ahead: true })).toEqual({ first: 11, count: 5 });
    expect(nextPages({ range: rows(10, 10), down: false, pages: 50, requested: seen, ahead: true })).toEqual({ first: 5, count: 5 });
    const below = new Set(Array.from({ length: 40 }, (_, i) => 10 + i));
    expect(nextPages({ range: rows(10, 10), down: true, pages: 50, requested: below, ahead: true })).toEqual({ first: 5, count: 5 });
    expect(nextPages({ range: rows(10, 10), down: true, pages: 50, requested: below, ahead: false })).toBeNull();
  });

  it("skips pages in flight and stops at the ends", () => {
    expect(nextPages({ range: rows(10, 10), down: true, pages: 50, requested: new Set([10, 11, 13]), ahead: true })).toEqual({ first: 12, count: 1 });
    expect(nextPages({ range: rows(0, 0), down: true, pages: 2, requested: new Set([0]), ahead: true })).toEqual({ first: 1, count: 1 });
    expect(nextPages({ range: rows(0, 0), down: false, pages: 1, requested: new Set([0]), ahead: true })).toBeNull();
    // An empty list is requested once, to learn its total.
    expect(nextPages({ range: [0, 0], down: true, pages: 1, requested: new Set(), ahead: false })).toEqual({ first: 0, count: 1 });
  });

  it("terminates with all pages near the view loaded", () => {
    const requested = new Set<number>();
    for (let asked = 0; ; asked++) {
      const next = nextPages({ range: rows(20, 20), down: true, pages: 60, requested, ahead: true });
      if (next === null) break;
      for (let page = next.first; page < next.first + next.count; page++) requested.add(page);
      expect(asked).toBeLessThan(40);
    }
    // A request covers up to five pages, so it may load slightly more than needed.
    expect(Math.min(...requested)).toBe(10);
    expect(Math.max(...requested)).toBe(40);
  });
});
