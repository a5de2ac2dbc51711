import type { Architecture } from "../../../src-shared/domain/architecture/network.ts";
import { call } from "../../bridge/studio.ts";

const MAX_FILE_BYTES = 1_000_000;

/** What file inputs offer: cell files and genotypes. */
export const CELL_FILE_TYPES = ".json,.txt,.py,application/json,text/plain";

/**
 * Reads a cell file or a genotype; the main process parses and validates it. A cell file without a name and genotypes are named by their file.
 * @throws Error if the file is larger than 1 MB or is not a cell
 */
export async function readCellFile(file: File): Promise<{ readonly name: string; readonly architecture: Architecture }> {
  if (file.size > MAX_FILE_BYTES) throw new Error(`${file.name} is larger than 1 MB, too large for a cell file.`);
  const text = await file.text();
  const architecture = await call("cells.parse", { text });
  const name = nameIn(text) ?? file.name.replace(/(\.cell|\.genotype)?\.(json|txt|py)$/i, "");
  return { name: name.slice(0, 200) || "cell", architecture };
}

function nameIn(text: string): string | null {
  if (!text.trimStart().startsWith("{")) return null;
  const value: unknown = JSON.parse(text);
  const name = typeof value === "object" && value !== null && "name" in value ? value.name : null;
  return typeof name === "string" && name !== "" ? name : null;
}
