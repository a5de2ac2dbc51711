/** Size of an untrusted value from a page, computed with bounded work and recursion. */
export type Measure = { readonly ok: true; readonly bytes: number } | { readonly ok: false; readonly reason: "too-large" | "not-plain" };

/** Deeper than any config or cell. */
const MAX_DEPTH = 64;

/**
 * Approximate size in bytes of plain data (null, booleans, finite or other numbers, text, arrays, plain objects).
 * Stops as soon as `maxBytes` is exceeded. Anything else (functions, maps, dates, cycles, excessive nesting) is `not-plain`.
 */
export function measureValue(value: unknown, maxBytes: number): Measure {
  let bytes = 0;
  const visit = (entry: unknown, depth: number): "too-large" | "not-plain" | null => {
    if (depth > MAX_DEPTH) return "not-plain";
    switch (typeof entry) {
      case "string":
        bytes += 2 + entry.length;
        break;
      case "number":
        bytes += 8;
        break;
      case "boolean":
      case "undefined":
        bytes += 4;
        break;
      case "object": {
        bytes += 4;
        if (entry === null) break;
        if (Array.isArray(entry)) {
          if (bytes + entry.length > maxBytes) return "too-large";
          for (const item of entry) {
            const problem = visit(item, depth + 1);
            if (problem !== null) return problem;
          }
          break;
        }
        const prototype: unknown = Object.getPrototypeOf(entry);
        // Values from another realm have that realm's Object.prototype, whose own prototype is null.
        if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return "not-plain";
        for (const [key, item] of Object.entries(entry)) {
          bytes += 3 + key.length;
          const problem = visit(item, depth + 1);
          if (problem !== null) return problem;
        }
        break;
      }
      default:
        return "not-plain";
    }
    return bytes > maxBytes ? "too-large" : null;
  };
  const problem = visit(value, 0);
  return problem === null ? { ok: true, bytes } : { ok: false, reason: problem };
}
