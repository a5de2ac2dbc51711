/** Architectures as JSON files, one format for each search space. Reading is bounded: such a file may come from anywhere. */
import type { z } from "zod";
import { isUserError, UserError } from "../../lib/errors.ts";
import { parseJson } from "../../lib/json.ts";

/** Largest file that is read, in characters. A cell of 64 nodes with all its inputs takes some 20,000. */
export const MAX_ARCHITECTURE_FILE = 1_000_000;

/** What a file contains besides its architecture. */
export interface ArchitectureFacts {
  readonly name: string;
  /** Where the architecture comes from, as text. */
  readonly source?: string;
  readonly meta?: Readonly<Record<string, string | number | boolean | null>>;
}

/** The file format of one search space. */
export interface ArchitectureFormat<File> {
  /** `format` in the file. */
  readonly format: string;
  readonly version: number;
  readonly schema: z.ZodType<File>;
  /** "cell", "network with several exits". */
  readonly noun: string;
}

/** A file as text; reading it back gives the same architecture. @param architecture the fields of the format that hold it */
export function architectureFileText<File>({ format, version, schema }: ArchitectureFormat<File>, architecture: object, facts: ArchitectureFacts): string {
  const { name, source, meta } = facts;
  const file = schema.parse({ format, version, name, ...(source === undefined ? {} : { source }), ...architecture, ...(meta === undefined ? {} : { meta }) });
  return `${JSON.stringify(file, null, 2)}\n`;
}

/**
 * Reads a file. `where` names the file in messages.
 * @throws UserError `cell-too-large`, `cell-json`, `cell-newer` or `cell-invalid`, which names the field
 */
export function parseArchitectureFile<File>({ format, version, schema, noun }: ArchitectureFormat<File>, text: string, where: string): File {
  const fail = (code: string, message: string, remedy: string, more: { readonly field?: string; readonly cause?: unknown } = {}): UserError =>
    new UserError(message, { code, remedy, file: where, ...more });
  if (text.length > MAX_ARCHITECTURE_FILE)
    throw fail(
      "cell-too-large",
      `${where} is too large for a ${noun} file.`,
      "Check that it is the right file; such a file has at most one million characters.",
    );
  let json: unknown;
  try {
    json = parseJson(text, where);
  } catch (cause) {
    if (isUserError(cause)) throw cause;
    throw fail("cell-json", `${where} is not valid JSON.`, `Export the ${noun} again, or correct the JSON.`, { cause });
  }
  const found = typeof json === "object" && json !== null ? (json as { format?: unknown; version?: unknown }) : {};
  if (found.format !== format)
    throw fail("cell-invalid", `${where} is not a ${noun} of GHN Studio.`, `Such a file begins with "format": "${format}"; export one to see an example.`, {
      field: "format",
    });
  if (typeof found.version === "number" && found.version > version)
    throw fail(
      "cell-newer",
      `${where} was written by a newer GHN Studio (${noun} format ${found.version}; this one reads ${version}).`,
      `Update GHN Studio, or export the ${noun} again with this version.`,
      { field: "version" },
    );
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.map(String).join(".") ?? "";
  const reason = `${field === "" ? "" : `${field}: `}${issue?.message ?? "it cannot be read"}`;
  throw fail(
    "cell-invalid",
    `${where} is not a valid ${noun}: ${reason}${reason.endsWith(".") ? "" : "."}`,
    `Correct that field, or export the ${noun} again.`,
    { field },
  );
}
