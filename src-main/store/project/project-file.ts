import { randomUUID } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../../lib/errors.ts";
import { writeFileAtomicSync } from "../../lib/files.ts";
import { parseJson } from "../../lib/json.ts";

const PROJECT_FORMAT = "ghn-studio-project";
/** Version of the folder layout. The database has its own version. */
const PROJECT_VERSION = 1;
export const PROJECT_FILE_NAME = "project.json";
const MAX_BYTES = 1_000_000;

const projectFileSchema = z.object({
  format: z.literal(PROJECT_FORMAT),
  version: z.int().min(1),
  id: z.string().min(1).max(100),
  name: z.string().min(1).max(200),
  createdAt: z.iso.datetime(),
  /** True for the sample project. */
  sample: z.boolean().optional(),
});
export type ProjectFile = z.infer<typeof projectFileSchema>;

export function newProjectFile(name: string, sample = false): ProjectFile {
  return { format: PROJECT_FORMAT, version: PROJECT_VERSION, id: randomUUID(), name, createdAt: new Date().toISOString(), ...(sample ? { sample } : {}) };
}

/**
 * Reads and validates `project.json`.
 * @throws UserError when the folder is not a project, is of a newer version, or is damaged
 */
export function readProjectFile(folder: string): ProjectFile {
  const file = join(folder, PROJECT_FILE_NAME);
  let text: string;
  try {
    const info = statSync(file);
    // Reading a pipe or a device would wait forever.
    if (!info.isFile() || info.size > MAX_BYTES) throw foreign(folder, file);
    text = readFileSync(file, "utf8");
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") throw foreign(folder, file);
    throw new UserError(`The project file ${file} cannot be read.`, {
      code: "project-unreadable",
      remedy: "Check that you have permission to read the folder.",
      file,
      cause,
    });
  }
  const content = parse(text, file);
  if (typeof content !== "object" || content === null || (content as { format?: unknown }).format !== PROJECT_FORMAT) throw foreign(folder, file);
  const { version } = content as { version?: unknown };
  if (typeof version === "number" && version > PROJECT_VERSION)
    throw new UserError(`The project in ${folder} was made by a newer version of GHN Studio.`, {
      code: "project-newer",
      remedy: "Update GHN Studio, then open the project again. Nothing was changed.",
      file,
    });
  const parsed = projectFileSchema.safeParse(content);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new UserError(`The project file ${file} is damaged (${issue?.path.join(".") ?? ""}: ${issue?.message ?? "unreadable"}).`, {
      code: "project-damaged",
      remedy: "Restore it from a backup.",
      file,
      cause: parsed.error,
    });
  }
  return parsed.data;
}

/** Writes the file atomically. */
export function writeProjectFile(folder: string, project: ProjectFile): void {
  const file = join(folder, PROJECT_FILE_NAME);
  try {
    writeFileAtomicSync(file, `${JSON.stringify(project, null, 2)}\n`);
  } catch (cause) {
    throw new UserError(`The project file ${file} cannot be written.`, {
      code: "project-unwritable",
      remedy: "Check that you have write permission for the folder and that the disk is not full.",
      file,
      cause,
    });
  }
}

function parse(text: string, file: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new UserError(`The project file ${file} is damaged: it is not JSON.`, { code: "project-damaged", remedy: "Restore it from a backup.", file, cause });
  }
}

function foreign(folder: string, file: string): UserError {
  return new UserError(`The folder ${folder} is not a GHN Studio project.`, {
    code: "project-foreign",
    remedy: "Choose a folder with a project.json of GHN Studio, or create a project.",
    file,
  });
}
