import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Artifact } from "../../../src-shared/domain/records/run.ts";
import { writeFileAtomicSync } from "../../lib/files.ts";
import type { Project } from "../../store/project/project.ts";

/** The report of a run. */
export interface RunReport {
  readonly markdown: string;
  readonly html: string;
}

/** Writes a report as Markdown and HTML to the folder of a run, replacing an earlier one. Returns the two artifacts. */
export function writeReport(project: Pick<Project, "artifactFolder" | "store">, runId: string, { markdown, html }: RunReport): Artifact[] {
  const folder = project.artifactFolder(runId);
  return (
    [
      ["report.md", markdown],
      ["report.html", html],
    ] as const
  ).map(([name, text]) => {
    const data = Buffer.from(text, "utf8");
    writeFileAtomicSync(join(folder, name), data);
    return project.store.artifacts.add(runId, {
      kind: "report",
      name,
      path: `artifacts/${runId}/${name}`,
      bytes: data.byteLength,
      sha256: createHash("sha256").update(data).digest("hex"),
    });
  });
}
