import { type AnytimeReference, msdNetSchema, resNetSchema } from "../../../../src-shared/domain/architecture/anytime.ts";
import { fieldsOf } from "../../../../src-shared/domain/config/config-fields.ts";
import type { RunKind } from "../../../../src-shared/domain/config/run-config.ts";

export type EditedReference = Readonly<Record<string, unknown>>;
export type ReferenceKind = AnytimeReference["kind"];

export const REFERENCE_TITLES: Readonly<Record<ReferenceKind, string>> = { msdnet: "MSDNet", resnet: "ResNet with several classifiers" };

const SCHEMAS = { msdnet: msdNetSchema, resnet: resNetSchema } as const;

/** A reference with the settings of its paper. */
export function defaultReference(kind: ReferenceKind): EditedReference {
  return SCHEMAS[kind].parse({ kind });
}

export function referenceKind(reference: EditedReference | undefined): ReferenceKind {
  return reference?.["kind"] === "resnet" ? "resnet" : "msdnet";
}

/** The references of an edited config; entries that are not objects become empty. */
export function referencesIn(value: unknown): readonly EditedReference[] {
  return Array.isArray(value) ? value.map((entry: unknown) => (typeof entry === "object" && entry !== null ? { ...entry } : {})) : [];
}

/** Settings of a reference of this kind, in schema order. */
export function referenceFields(kind: RunKind, reference: ReferenceKind): string[] {
  const known = fieldsOf(kind, ["references", "0"]);
  return Object.keys(SCHEMAS[reference].shape).filter((key) => key !== "kind" && known.includes(key));
}
