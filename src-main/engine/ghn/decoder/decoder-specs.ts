import { OUTPUT_HEADS, type OutputHeadName, type OutputHeads, type ParameterLayout } from "../../spaces/shared/network-family.ts";
import { type DecoderSettings, featureCount, hasOwnDecoders } from "./decoder-rows.ts";
import type { ParameterSpec } from "./parameter-spec.ts";

/** Approximate second moment of the entries of initial final embeddings; the scale of initial weights depends on it. */
const EMBEDDING_MOMENT = 0.25;
/** Standard deviation of the initial weights of slot features. */
const FEATURE_DEVIATION = 0.7;

/**
 * Share of an initial weight's standard deviation that depends on its node; the rest comes from the bias of the output head and is common to all nodes. A GHN learns
 * what all nodes have in common much faster than what distinguishes them, and common initial weights spare it from having to overcome random differences first.
 */
const OWN_SHARE = 0.5;
/** Heads whose bias starts at zero: batch norm starts around scale 1 and shift 0, classifier biases around 0. */
const NEUTRAL_HEADS: ReadonlySet<OutputHeadName> = new Set(["scale", "shift", "bias"]);

/** Widths of a decoder: D of the final embeddings, P of its hidden layer. */
export interface DecoderWidths {
  readonly embedding: number;
  readonly hidden: number;
}

/** Parameters of the decoder, or of the decoders of all blocks, with their initial values (docs/ghn.md, section 6). */
export function decoderSpecs(widths: DecoderWidths, layout: ParameterLayout, settings: DecoderSettings): ParameterSpec[] {
  const own = hasOwnDecoders(settings);
  return Array.from({ length: own ? layout.blocks : 1 }, (_, set) => specsOfDecoder(set, widths, layout, settings)).flat();
}

/** The output heads of one decoder. */
export function headsOfDecoder(set: number, layout: ParameterLayout, settings: DecoderSettings): Partial<OutputHeads> {
  return hasOwnDecoders(settings) ? layout.outputHeadsOf(set) : layout.outputHeads;
}

/** Name of a parameter in files: `decoder/pointwise`, or `block3/decoder/pointwise` if every block has its own decoder. */
export function decoderParameter(set: number, name: "embedding" | "slot" | OutputHeadName, settings: DecoderSettings): string {
  return hasOwnDecoders(settings) ? `block${set}/decoder/${name}` : `decoder/${name}`;
}

function specsOfDecoder(set: number, { embedding, hidden }: DecoderWidths, layout: ParameterLayout, settings: DecoderSettings): ParameterSpec[] {
  const heads = headsOfDecoder(set, layout, settings);
  const ofEmbedding = Math.sqrt(1 / (embedding * EMBEDDING_MOMENT));
  // ReLU halves the second moment of its input: 1 from the owner's embedding, and that of one or two features.
  const moment = (1 + (settings.scaleFeature ? 2 : 1) * FEATURE_DEVIATION ** 2) / 2;
  return [
    { name: decoderParameter(set, "embedding", settings), shape: [2 * embedding, hidden], initial: { normal: ofEmbedding } },
    { name: decoderParameter(set, "slot", settings), shape: [featureCount(layout, settings), hidden], initial: { normal: FEATURE_DEVIATION } },
    // The last row is the bias.
    ...OUTPUT_HEADS.flatMap((name): ParameterSpec[] => {
      const head = heads[name];
      if (head === undefined) return [];
      return [
        {
          name: decoderParameter(set, name, settings),
          shape: [hidden + 1, ...head.sizes],
          initial: { normal: OWN_SHARE * Math.sqrt(1 / (hidden * moment)), lastRow: NEUTRAL_HEADS.has(name) ? 0 : Math.sqrt(1 - OWN_SHARE ** 2) },
        },
      ];
    }),
  ];
}
