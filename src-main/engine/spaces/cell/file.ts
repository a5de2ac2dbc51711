import { CELL_FILE_VERSION, type CellFile, cellFileSchema } from "../../../../src-shared/domain/architecture/cell.ts";
import type { Architecture } from "../../../../src-shared/domain/architecture/network.ts";
import { type ArchitectureFacts, type ArchitectureFormat, architectureFileText, parseArchitectureFile } from "../../formats/architecture-file.ts";
import { looksLikeGenotype } from "../../formats/genotype.ts";
import { parseArchitectureGenotype } from "./genotype.ts";

const FORMAT: ArchitectureFormat<CellFile> = { format: "ghn-studio-cell", version: CELL_FILE_VERSION, schema: cellFileSchema, noun: "cell" };

export function cellFileText(architecture: Architecture, facts: ArchitectureFacts): string {
  return architectureFileText(FORMAT, architecture, facts);
}

/** A cell from a cell file or a genotype, with its name if it has one. @throws UserError as {@link parseCellFile} and {@link parseArchitectureGenotype} */
export function parseCellText(text: string, where: string): Architecture & { readonly name: string | null } {
  return looksLikeGenotype(text) ? parseArchitectureGenotype(text, where) : parseCellFile(text, where);
}

/** @throws UserError as {@link parseArchitectureFile} */
export function parseCellFile(text: string, where: string): CellFile {
  return parseArchitectureFile(FORMAT, text, where);
}
