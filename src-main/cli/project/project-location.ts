import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { createProject, viewProject } from "../../store/project/project.ts";
import type { Io } from "../output/io.ts";
import { quotePath } from "../output/quote-path.ts";
import { DEFAULT_PROJECT, findProject } from "./project.ts";

/** A project folder, and whether it has yet to be created. */
export interface Place {
  readonly folder: string;
  readonly isNew: boolean;
}

/** Where runs go: the project that is named or found, or a new one. */
export function placeFor(named: string | undefined): Place {
  const wanted = named === undefined || named === "" ? null : resolve(named);
  if (wanted !== null && !existsSync(wanted)) return { folder: wanted, isNew: true };
  const found = findProject(named);
  if (found === null) return { folder: resolve(DEFAULT_PROJECT), isNew: true };
  viewProject(found).close();
  return { folder: found, isNew: false };
}

/** Creates the project. */
export function makeProject(io: Io, folder: string): void {
  createProject(folder, basename(folder)).close();
  io.note(`Created project ${quotePath(folder)}.`);
}
