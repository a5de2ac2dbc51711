export { EXPORT_FORMATS, type ExportFormat, exportChoices } from "./choices.ts";
export { type Exportable, type ExportProject, resolveSubject } from "./subject.ts";
export { type WriteOptions, writeExport } from "./write.ts";
