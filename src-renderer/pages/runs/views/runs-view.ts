import type { LocationQuery } from "vue-router";
import { z } from "zod";
import { runQuerySchema } from "../../../../src-shared/domain/records/run-history.ts";
import { gridStateSchema } from "../../../widgets/grid/grid.ts";

/** What the list of runs shows: kept in the URL, so that it can be bookmarked, shared and gone back to. */
export interface RunsView {
  readonly search: string;
  readonly status: readonly string[];
  readonly kind: readonly string[];
  readonly dataset: readonly string[];
  readonly tags: readonly string[];
  readonly expression: string;
  readonly view: "active" | "archived" | "trash";
  /** Adds the settings in which the listed runs differ as columns. */
  readonly differing: boolean;
}

const LISTS = ["status", "kind", "dataset", "tags"] as const;
const TEXTS = { search: "q", expression: "where" } as const;

/** The parts that differ from the empty view. Entries of lists are separated by commas; a comma or a percent sign in a tag is escaped. */
export function queryOf(view: RunsView): Record<string, string> {
  const query: Record<string, string> = {};
  for (const key of LISTS) if (view[key].length > 0) query[key] = view[key].map((entry) => entry.replaceAll("%", "%25").replaceAll(",", "%2C")).join(",");
  for (const [key, name] of Object.entries(TEXTS)) if (view[key as keyof typeof TEXTS] !== "") query[name] = view[key as keyof typeof TEXTS];
  if (view.view !== "active") query["view"] = view.view;
  if (view.differing) query["settings"] = "differing";
  return query;
}

/** The view of a URL. Unknown values are dropped, so that an old link still opens the list. */
export function viewOf(query: LocationQuery): RunsView {
  const text = (name: string): string => (typeof query[name] === "string" ? query[name] : "");
  const list = (key: (typeof LISTS)[number]): string[] => {
    const entries = text(key)
      .split(",")
      .filter((entry) => entry !== "")
      .map((entry) => entry.replaceAll("%2C", ",").replaceAll("%25", "%"));
    return entries.filter((entry) => runQuerySchema.shape[key].safeParse([entry]).success);
  };
  const view = runQuerySchema.shape.view.safeParse(query["view"]);
  return {
    search: text(TEXTS.search).slice(0, 500),
    expression: text(TEXTS.expression).slice(0, 2000),
    status: list("status"),
    kind: list("kind"),
    dataset: list("dataset"),
    tags: list("tags"),
    view: view.success ? view.data : "active",
    differing: query["settings"] === "differing",
  };
}

export const MAX_SAVED_VIEWS = 100;

/** Views saved by name, with their columns and order. */
export const savedViewsSchema = z
  .array(
    z.object({
      name: z.string().min(1).max(100),
      query: z.record(z.string(), z.string()),
      columns: gridStateSchema.nullable(),
      sort: runQuerySchema.shape.sort.unwrap(),
    }),
  )
  .max(MAX_SAVED_VIEWS);
export type SavedView = z.infer<typeof savedViewsSchema>[number];
