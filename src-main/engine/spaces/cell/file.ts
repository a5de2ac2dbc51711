import { CELL_FILE_VERSION, type CellFile, cellFileSchema } from "../../../../src-shared/domain/architecture/cell.ts";
import type { Architecture } from "../../../../src-shared/domain/architecture/network.ts";
import { type ArchitectureFacts, type ArchitectureFormat, architectureFileText, parseArchitectureFile } from "../../formats/architecture-file.ts";

const FORMAT: ArchitectureFormat<CellFile> = { format: "ghn-studio-cell", version: CELL_FILE_VERSION, schema: cellFileSchema, noun: "cell" };

export function cellFileText(architecture: Architecture, facts: ArchitectureFacts): string {
  return architectureFileText(FORMAT, architecture, facts);
}

/** @throws UserError as {@link parseArchitectureFile} */
export function parseCellFile(text: string, where: string): CellFile {
  return parseArchitectureFile(FORMAT, text, where);
}
