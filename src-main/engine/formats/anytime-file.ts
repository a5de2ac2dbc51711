/** Anytime architectures as JSON files of a fixed schema, version 1. Reading is bounded: a file may come from anywhere. */
import { ANYTIME_FILE_VERSION, type AnytimeArchitecture, type AnytimeFile, anytimeFileSchema } from "../../../src-shared/domain/architecture/anytime.ts";
import { UserError } from "../../lib/errors.ts";
import { type CellFacts, MAX_CELL_FILE } from "./cell-file.ts";

/** The file as text; reading it back gives the same architecture. */
export function anytimeFileText(architecture: AnytimeArchitecture, { name, source, meta }: CellFacts): string {
  const file: AnytimeFile = anytimeFileSchema.parse({
    format: "ghn-studio-anytime-cells",
    version: ANYTIME_FILE_VERSION,
    name,
    ...(source === undefined ? {} : { source }),
    architecture,
    ...(meta === undefined ? {} : { meta }),
  });
  return `${JSON.stringify(file, null, 2)}\n`;
}

/**
 * Reads such a file. `where` names it in messages.
 * @throws UserError `cell-too-large`, `cell-json`, `cell-newer` or `cell-invalid`, which names the field
 */
export function parseAnytimeFile(text: string, where: string): AnytimeFile {
  const fail = (code: string, message: string, remedy: string, field?: string): UserError =>
    new UserError(message, { code, remedy, file: where, ...(field === undefined ? {} : { field }) });
  if (text.length > MAX_CELL_FILE)
    throw fail(
      "cell-too-large",
      `${where} is too large for a file of cells.`,
      "Check that it is the file you meant; such a file has one million characters at most.",
    );
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw fail("cell-json", `${where} is not valid JSON.`, "Export the network again, or correct the JSON.");
  }
  const { format, version } = typeof json === "object" && json !== null ? (json as { format?: unknown; version?: unknown }) : {};
  if (format !== "ghn-studio-anytime-cells")
    throw fail(
      "cell-invalid",
      `${where} ${format === "ghn-studio-cell" ? "holds a cell of the standard space, not a network with several exits" : "is not a network with several exits of GHN Studio"}.`,
      'Such a file begins with "format": "ghn-studio-anytime-cells"; export one to see an example.',
      "format",
    );
  if (typeof version === "number" && version > ANYTIME_FILE_VERSION)
    throw fail(
      "cell-newer",
      `${where} was written by a newer GHN Studio (format ${version}; this one reads ${ANYTIME_FILE_VERSION}).`,
      "Update GHN Studio, or export the network again with this version.",
      "version",
    );
  const parsed = anytimeFileSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.map(String).join(".") ?? "";
  throw fail(
    "cell-invalid",
    `${where} holds no possible network: ${field === "" ? "" : `${field}: `}${issue?.message ?? "it cannot be read."}`,
    "Correct that field, or export the network again.",
    field,
  );
}
