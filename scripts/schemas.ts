/** `node scripts/schemas.ts`: writes the JSON Schema of cell files into docs; a test compares it. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { installation } from "../src-main/lib/places.ts";
import { cellFileSchema } from "../src-shared/domain/architecture/cell.ts";

/** The schema as text. Rules between nodes (topological order, no repetition) are not part of it; importing a cell checks them. */
export function cellSchemaText(): string {
  const schema = { title: "Cell of GHN Studio", ...z.toJSONSchema(cellFileSchema, { io: "input" }) };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(path.join(installation, "docs", "cell.schema.json"), cellSchemaText());
