import type { ConfigProblem } from "../../../../src-shared/domain/config/check-config.ts";
import type { RunKind } from "../../../../src-shared/domain/config/run-config.ts";
import { inWords } from "../fields/field-words.ts";
import { sectionOfPath } from "../fields/sections.ts";

export interface ProblemLine {
  /** Path of the first field that it is about. */
  readonly path: string;
  /** The sections of the form that have this problem. */
  readonly sections: readonly string[];
  readonly text: string;
}

/** Problems as sentences with the sections that they are in; the same sentence about several sections is listed once. */
export function problemLines(problems: readonly ConfigProblem[], kind: RunKind): ProblemLine[] {
  const lines = new Map<string, { path: string; sections: string[] }>();
  for (const { path, message } of problems) {
    const text = inWords(message, kind);
    const section = sectionOfPath(kind, path)?.title;
    const line = lines.get(text) ?? { path, sections: [] };
    if (section !== undefined && !line.sections.includes(section)) line.sections.push(section);
    lines.set(text, line);
  }
  return [...lines].map(([text, line]) => ({ ...line, text }));
}
