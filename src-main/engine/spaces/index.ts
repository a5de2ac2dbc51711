import { type RunKind, type SpaceId, spaceIdOf } from "../../../src-shared/domain/config/run-config.ts";
import { anytimeSpace } from "./anytime/space.ts";
import { cellSpace } from "./cell/space.ts";
import type { SearchSpace } from "./shared/search-space.ts";

/** All search spaces. */
export const SPACES = { cell: cellSpace, anytime: anytimeSpace } as const satisfies Readonly<Record<SpaceId, SearchSpace>>;

/** The space that a run works in. */
export function spaceOf(kind: RunKind): SearchSpace {
  return SPACES[spaceIdOf(kind)];
}
