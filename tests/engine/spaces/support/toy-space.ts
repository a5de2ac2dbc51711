/** A third search space, complete: chains of convolutions. */
import { z } from "zod";
import { ProgramBuilder } from "../../../../src-main/engine/network/builder.ts";
import type { GraphNode } from "../../../../src-main/engine/network/plan-types.ts";
import { type BuiltPlan, IMAGES, lazySequences } from "../../../../src-main/engine/network/program.ts";
import type { SearchSpace } from "../../../../src-main/engine/spaces/shared/search-space.ts";
import { ACCURACY_SCORING, ACCURACY_TRAINING, type AccuracyRecord, accuraciesOf } from "../../../../src-main/engine/spaces/shared/single-output.ts";
import type { GhnRunFields, SearchRunFields, SpaceTypes, SubjectFields, TrainingRunFields } from "../../../../src-main/engine/spaces/shared/space-types.ts";
import { type cellTrainingSchema, ghnConfigSchema, type SearchSettings } from "../../../../src-shared/domain/config/run-config.ts";

const KERNELS = [1, 3] as const;
export const chainSchema = z.array(z.union([z.literal(1), z.literal(3)])).min(1);
type Chain = z.infer<typeof chainSchema>;
const networkSchema = z.object({ channels: z.number() });

export interface ToyTypes extends SpaceTypes {
  readonly architecture: Chain;
  readonly settings: { readonly longest: number };
  readonly network: z.infer<typeof networkSchema>;
  readonly ghnRun: GhnRunFields & Pick<ToyTypes, "network"> & { readonly space: ToyTypes["settings"] };
  readonly searchRun: SearchRunFields & { readonly search: SearchSettings };
  readonly trainingRun: TrainingRunFields & Pick<ToyTypes, "network"> & { readonly training: z.infer<typeof cellTrainingSchema> };
  readonly subject: SubjectFields & { readonly architecture: Chain };
  readonly training: AccuracyRecord & { readonly architecture: Chain };
}

const typeOf = (kernel: number): string => `conv${kernel}`;
const TYPES = [...KERNELS.map(typeOf), "stem", "classifier"];

/** Stem, one convolution per link, classifier. */
const plan: SearchSpace<ToyTypes>["plan"] = (chain, { channels }, input): BuiltPlan => {
  const builder = new ProgramBuilder([input.height, input.width, input.channels]);
  const nodes: GraphNode[] = ["stem", ...chain.map(typeOf), "classifier"].map((type, i) => ({ type, inputs: i === 0 ? [] : [i - 1] }));
  const start = (node: number): void => builder.startNode({ block: 0, node }, `node${node}`);
  start(0);
  let x = builder.norm(builder.conv(IMAGES, "conv", "stem", { kernel: [3, 3], filters: channels }), "");
  chain.forEach((kernel, i) => {
    start(1 + i);
    const role = kernel === 1 ? "pointwise" : "conv3x3";
    x = builder.norm(builder.conv(builder.relu(x), "conv", role, { kernel: [kernel, kernel], filters: channels }), "");
  });
  start(nodes.length - 1);
  const logits = builder.classifier(builder.relu(x), input.classes, [{ source: { block: 0, node: nodes.length - 2 }, channels }]);
  const { steps, slots, norms } = builder;
  const auxiliary = { steps: [], after: 0, logits, norms: [] };
  const parameters = slots.reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0);
  return {
    graph: { blocks: [{ nodes, order: nodes.map((_, i) => i) }] },
    slots,
    auxiliarySlots: [],
    nodes: [],
    counts: { parameters, multiplyAdds: input.height * input.width * parameters },
    program: { input, steps, logits, masks: 0, norms, auxiliary, sequence: lazySequences(steps, logits, auxiliary) },
  };
};

const none = { sizes: [1], centred: 0 };
export const TOY: SearchSpace<ToyTypes> = {
  id: "toy",
  noun: "Chain",
  sample: ({ longest }, rng) => Array.from({ length: 1 + rng.int(longest) }, () => rng.choice(KERNELS)),
  sampleForGhn: ({ space }, rng) => TOY.sample(space, rng),
  canonical: (chain) => chain.join("-"),
  plan,
  parse: (json) => chainSchema.parse(json),
  mutation: {
    mutate: (chain, _, rng) => chain.with(rng.int(chain.length), rng.choice(KERNELS)),
    neighbours: (chain) => [
      [...chain, 1],
      [...chain, 3],
    ],
  },
  drawing: () => null,
  ghn: {
    fileFormat: "toy-ghn",
    manifestSchema: z.object({ ghn: ghnConfigSchema, network: networkSchema, input: z.any() }),
    manifest: ({ ghn, network }, input) => ({ ghn, network, input }),
    family: (_, { channels }, { channels: colours, classes }) => {
      const outputHeads = {
        stem: { sizes: [3, 3, colours * channels], centred: 2 },
        pointwise: { sizes: [channels, channels], centred: 0 },
        scale: { sizes: [channels], centred: 0 },
        shift: { sizes: [channels], centred: 0 },
        classifier: { sizes: [channels, classes], centred: 0 },
        bias: { sizes: [classes], centred: 0 },
        ...{ bottleneck: none, conv1xk: none, convkx1: none, depthwise: none },
      };
      return {
        layout: { blocks: 1, scales: 1, scaleOf: () => 0, kernelSide: 3, outputHeads, outputHeadsOf: () => outputHeads },
        encoding: { entries: TYPES.length, onesOf: ({ type }) => [TYPES.indexOf(type)] },
      };
    },
    check: () => undefined,
    fixedSize: null,
  },
  scoringBatch: 4,
  searchSettings: ({ search }) => search,
  scoring: () => ACCURACY_SCORING,
  training: {
    ...ACCURACY_TRAINING,
    networkOf: (_, { network }) => network,
    plan: ({ architecture }, network, input) => plan(architecture, network, input),
    drawing: () => null,
    protocol: (training) => ({ ...training, nesterov: false }),
    record: (fields, trained) => ({ ...fields, architecture: trained.subject.architecture, ...accuraciesOf(trained) }),
    weightsFile: ({ architecture }) => ({ format: "toy-weights", manifest: { architecture } }),
  },
};
