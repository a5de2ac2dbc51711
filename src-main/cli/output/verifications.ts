import { basename } from "node:path";
import { type ExportedFile, verificationSentence } from "../../../src-shared/domain/records/exports.ts";
import type { Io } from "./io.ts";

/** Prints the results of the checks of exported networks. False if a file that should have been checked was not. */
export function noteVerifications(io: Io, files: readonly ExportedFile[]): boolean {
  let verified = true;
  for (const { path, verification } of files) {
    if (verification === undefined) continue;
    if (verification.outcome === "unchecked") verified = false;
    io.note(`${verification.outcome === "unchecked" ? "WARNING: " : ""}${basename(path)}: ${verificationSentence(verification)}`);
  }
  return verified;
}
