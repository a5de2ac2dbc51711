import { ANYTIME_FILE_VERSION, type AnytimeArchitecture, type AnytimeFile, anytimeFileSchema } from "../../../../src-shared/domain/architecture/anytime.ts";
import { type ArchitectureFacts, type ArchitectureFormat, architectureFileText, parseArchitectureFile } from "../../formats/architecture-file.ts";

const FORMAT: ArchitectureFormat<AnytimeFile> = {
  format: "ghn-studio-anytime-cells",
  version: ANYTIME_FILE_VERSION,
  schema: anytimeFileSchema,
  noun: "network with several exits",
};

export function anytimeFileText(architecture: AnytimeArchitecture, facts: ArchitectureFacts): string {
  return architectureFileText(FORMAT, { architecture }, facts);
}

/** @throws UserError as {@link parseArchitectureFile} */
export function parseAnytimeFile(text: string, where: string): AnytimeFile {
  return parseArchitectureFile(FORMAT, text, where);
}
