/** The machine, the host, user settings, and errors of the page. */

import { mkdir, stat } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import type { SystemInfo } from "../../../src-shared/domain/records/system.ts";
import { UserError } from "../../lib/errors.ts";
import { fileNameProblem } from "../../lib/file-names.ts";
import { systemErrorCode } from "../../lib/files.ts";
import { memoryLimit } from "../../lib/memory.ts";
import type { HandlersOf } from "../gate/dispatch.ts";
import type { CallContext } from "../services/call-context.ts";

/** Prefix of internal settings of hosts, which a page can neither see nor set. */
const HOST_PREFIX = "host.";

export const systemHandlers: HandlersOf<
  CallContext,
  | "system.info"
  | "system.browse"
  | "system.makeFolder"
  | "system.choose"
  | "system.reveal"
  | "system.download"
  | "system.openExternal"
  | "settings.get"
  | "settings.set"
  | "log.report"
> = {
  "system.info": async (_input, { studio, host }): Promise<SystemInfo> => {
    const doctor = await studio.doctor();
    return {
      host: host.kind,
      version: studio.version,
      platform: `${process.platform} ${process.arch}`,
      items: doctor.items,
      backend: doctor.backend,
      device: doctor.device,
      cores: cpus().length,
      memoryBytes: memoryLimit().bytes,
    };
  },
  "system.browse": ({ path }, { studio }) => studio.folders.list(path),
  "system.makeFolder": async ({ parent, name }) => {
    const problem = fileNameProblem(name);
    if (problem !== null) throw new UserError(`The folder name ${name} ${problem}.`, { code: "folder-name", field: "name", remedy: "Choose another name." });
    const path = join(parent, name);
    await mkdir(path).catch((cause: unknown) => {
      const exists = systemErrorCode(cause) === "EEXIST";
      throw new UserError(exists ? `${path} already exists.` : `The folder ${path} could not be created.`, {
        code: exists ? "folder-exists" : "folder-unwritable",
        file: path,
        remedy: exists ? "Choose another name." : "Choose another location, or change its permissions.",
        cause,
      });
    });
    return { path };
  },
  "system.choose": async (request, { host, studio }) => {
    const path = await host.choose(request);
    if (path === null) return null;
    await studio.allowPath(path);
    return { path };
  },
  "system.download": async ({ path }, { host }) => {
    if ((await stat(path).catch(() => null))?.isFile() !== true) throw missing(path);
    return host.download === undefined ? null : { url: host.download(path) };
  },
  "system.reveal": async ({ path }, { host }) => {
    if ((await stat(path).catch(() => null)) === null) throw missing(path);
    return { revealed: await host.reveal(path) };
  },
  "system.openExternal": async ({ url }, { host }) => {
    await host.openExternal(url);
    return null;
  },
  "settings.get": (_input, { studio }) => Object.fromEntries(Object.entries(studio.settings.all()).filter(([key]) => !key.startsWith(HOST_PREFIX))),
  "settings.set": ({ key, value }, { studio }) => {
    if (key.startsWith(HOST_PREFIX))
      throw new UserError(`The setting ${key} is reserved for internal use.`, { code: "setting-reserved", field: key, remedy: "Use another name." });
    studio.settings.set(key, value);
    studio.settingChanged(key);
    return null;
  },
  "log.report": ({ message, detail }, { studio }) => {
    studio.log.error(`Page: ${message}`, detail);
    return null;
  },
};

function missing(path: string): UserError {
  return new UserError(`${path} no longer exists.`, { code: "file-missing", file: path, remedy: "It may have been moved or deleted. Export it again." });
}
