/** Manifests of exported weights as text. */
import type { NetworkData } from "../network/operation-data.ts";

/** How the images were divided; docs/exports.md has the procedure. */
export interface SplitFacts {
  /** Images held out from the training part for validation. */
  readonly validationImages: number;
  /** Training images used, at most; null for all. */
  readonly trainImages: number | null;
  readonly splitSeed: number;
  /** Which images the test accuracy is measured on. */
  readonly test: string;
}

/** A manifest with the operations of its network, one per line. */
export function textWithComputation(manifest: object, { operations, outputs }: NetworkData): string {
  const lines = operations.map((operation) => `      ${JSON.stringify(operation)}`).join(",\n");
  const computation = `{\n    "outputs": ${JSON.stringify(outputs)},\n    "operations": [\n${lines}\n    ]\n  }`;
  const text = JSON.stringify(manifest, null, 2);
  return `${text.slice(0, text.lastIndexOf("\n}"))},\n  "computation": ${computation}\n}\n`;
}
