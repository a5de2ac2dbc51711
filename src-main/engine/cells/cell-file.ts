import type { z } from "zod";
import { CELL_FILE_VERSION, type CellFile, cellSchema } from "../../../src-shared/domain/architecture/cell.ts";
import { architectureSchema } from "../../../src-shared/domain/architecture/network.ts";
import { UserError } from "../../lib/errors.ts";
import { MAX_CELL_FILE, parseCellFile } from "../formats/cell-file.ts";

/** Most cells and files that people have are small; deeper nesting than this is nothing of ours. */
const MAX_DEPTH = 16;

/**
 * Reads an architecture in any of the forms that people write: a cell file, a bare cell `{"nodes": [...]}`, or
 * `{"normal": {...}, "reduction": {...}}`. A bare one is named after `where`.
 *
 * @param where the file, or what else to call the text in messages
 * @throws UserError `cell-too-large`, `cell-json`, `cell-newer` or `cell-invalid`, which names the field
 */
export function parseCells(text: string, where: string): CellFile {
  // Cell files, and everything that is wrong with size or JSON, are the strict reader's.
  if (text.length > MAX_CELL_FILE) return parseCellFile(text, where);
  const json = jsonOf(text);
  if (typeof json !== "object" || json === null || "format" in json || !("nodes" in json || "normal" in json)) return parseCellFile(text, where);
  const parsed = "nodes" in json ? cellSchema.safeParse(json) : architectureSchema.safeParse(json);
  if (!parsed.success) throw invalid(parsed.error, where);
  const architecture = "nodes" in parsed.data ? { normal: parsed.data } : parsed.data;
  return {
    format: "ghn-studio-cell",
    version: CELL_FILE_VERSION,
    name: (
      where
        .split(/[/\\]/)
        .at(-1)
        ?.replace(/\.json$/i, "") || "cell"
    ).slice(0, 200),
    normal: architecture.normal,
    ...(architecture.reduction === undefined ? {} : { reduction: architecture.reduction }),
  };
}

/** The parsed text; undefined if it is no JSON or nested beyond reason. */
function jsonOf(text: string): unknown {
  let depth = 0;
  for (const letter of text) {
    if (letter === "{" || letter === "[") depth += 1;
    else if (letter === "}" || letter === "]") depth -= 1;
    if (depth > MAX_DEPTH) return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function invalid(error: z.ZodError, where: string): UserError {
  const issue = error.issues[0];
  const field = issue?.path.map(String).join(".") ?? "";
  const reason = `${field === "" ? "" : `${field}: `}${issue?.message ?? "it cannot be read"}`;
  return new UserError(`${where} holds no possible cell: ${reason}${reason.endsWith(".") ? "" : "."}`, {
    code: "cell-invalid",
    remedy: "Correct that field, or export the cell again.",
    file: where,
    ...(field === "" ? {} : { field }),
  });
}
