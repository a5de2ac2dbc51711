/** Cells as JSON files of a fixed schema, version 1. Reading is bounded: a cell file may come from anywhere. */
import { CELL_FILE_VERSION, type CellFile, cellFileSchema } from "../../../src-shared/domain/architecture/cell.ts";
import type { Architecture } from "../../../src-shared/domain/architecture/network.ts";
import { UserError } from "../../lib/errors.ts";

/** Largest cell file that is read, in characters. A cell of 64 nodes with all its inputs takes some 20,000. */
export const MAX_CELL_FILE = 1_000_000;

export interface CellFacts {
  readonly name: string;
  /** Where the cell comes from, in words. */
  readonly source?: string;
  readonly meta?: Readonly<Record<string, string | number | boolean | null>>;
}

/** A cell file as text; reading it back gives the same architecture. */
export function cellFileText(architecture: Architecture, facts: CellFacts): string {
  const file: CellFile = cellFileSchema.parse({
    format: "ghn-studio-cell",
    version: CELL_FILE_VERSION,
    name: facts.name,
    ...(facts.source === undefined ? {} : { source: facts.source }),
    normal: architecture.normal,
    ...(architecture.reduction === undefined ? {} : { reduction: architecture.reduction }),
    ...(facts.meta === undefined ? {} : { meta: facts.meta }),
  });
  return `${JSON.stringify(file, null, 2)}\n`;
}

/**
 * Reads a cell file. `where` names it in messages.
 * @throws UserError `cell-too-large`, `cell-json`, `cell-newer` or `cell-invalid`, which names the field
 */
export function parseCellFile(text: string, where: string): CellFile {
  const fail = (code: string, message: string, remedy: string, field?: string, cause?: unknown): UserError =>
    new UserError(message, { code, remedy, file: where, ...(field === undefined ? {} : { field }), ...(cause === undefined ? {} : { cause }) });
  if (text.length > MAX_CELL_FILE)
    throw fail(
      "cell-too-large",
      `${where} is too large for a cell file.`,
      "Check that it is the file you meant; a cell file has one million characters at most.",
    );
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw fail("cell-json", `${where} is not valid JSON.`, "Export the cell again, or correct the JSON.", undefined, cause);
  }
  const { format, version } = typeof json === "object" && json !== null ? (json as { format?: unknown; version?: unknown }) : {};
  if (format !== "ghn-studio-cell")
    throw fail(
      "cell-invalid",
      `${where} is not a cell of GHN Studio.`,
      'A cell file begins with "format": "ghn-studio-cell"; export one to see an example.',
      "format",
    );
  if (typeof version === "number" && version > CELL_FILE_VERSION)
    throw fail(
      "cell-newer",
      `${where} was written by a newer GHN Studio (cell format ${version}; this one reads ${CELL_FILE_VERSION}).`,
      "Update GHN Studio, or export the cell again with this version.",
      "version",
    );
  const parsed = cellFileSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = issue?.path.map(String).join(".") ?? "";
    throw fail(
      "cell-invalid",
      `${where} holds no possible cell: ${field === "" ? "" : `${field}: `}${issue?.message ?? "it cannot be read."}`,
      "Correct that field, or export the cell again.",
      field,
    );
  }
  return parsed.data;
}
