export { divergenceOf, EXPORT_FORMATS, exportChoices } from "./choices.ts";
export type { ExportProject } from "./space-export.ts";
export { writeExport } from "./write.ts";
