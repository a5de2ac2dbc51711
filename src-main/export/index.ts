export { EXPORT_FORMATS, exportChoices } from "./choices.ts";
export type { ExportProject } from "./subject.ts";
export { writeExport } from "./write.ts";
