import { z } from "zod";

export interface GridColumn {
  readonly id: string;
  readonly title: string;
  /** Longer title for the tooltip and the column chooser. */
  readonly hint?: string;
  readonly width: number;
  readonly align?: "left" | "right";
  readonly sortKey?: string;
  /** Whether the first click sorts in descending order, as for dates and for numbers where higher is better. */
  readonly descendingFirst?: boolean;
}

export interface SortKey {
  readonly key: string;
  readonly descending: boolean;
}

/** Visibility, order, width and pinning of columns. Stored with the settings. */
export const gridStateSchema = z.object({
  order: z.array(z.string()).max(1000),
  hidden: z.array(z.string()).max(2000),
  pinned: z.array(z.string()).max(20),
  widths: z.record(z.string(), z.number().min(40).max(1200)),
});
export type GridState = z.infer<typeof gridStateSchema>;

/** A click sorts by one column, Shift+click adds a column; cycles through ascending, descending and off. */
export function nextSort(sort: readonly SortKey[], column: GridColumn, join: boolean): SortKey[] {
  const key = column.sortKey;
  if (key === undefined) return [...sort];
  const first = column.descendingFirst === true;
  const old = sort.find((entry) => entry.key === key);
  const now: SortKey | null = old === undefined ? { key, descending: first } : old.descending === first ? { key, descending: !first } : null;
  if (!join) return now === null ? [] : [now];
  const others = sort.filter((entry) => entry.key !== key);
  if (now === null) return others;
  return old === undefined ? [...others, now].slice(-4) : sort.map((entry) => (entry.key === key ? now : entry));
}
