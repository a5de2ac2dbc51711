/** What the JSON columns of runs must hold. */
import { z } from "zod";
import { anytimeModelSchema } from "../../../src-shared/domain/architecture/anytime.ts";
import { architectureSchema } from "../../../src-shared/domain/architecture/network.ts";

export const PROGRESS = z.looseObject({
  phase: z.string(),
  step: z.number(),
  totalSteps: z.number(),
  epoch: z.number().exactOptional(),
  imagesPerSecond: z.number().exactOptional(),
  secondsLeft: z.number().exactOptional(),
});
export const FAILURE = z.looseObject({ message: z.string(), remedy: z.string().exactOptional(), detail: z.string().exactOptional() });
export const FACTS = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));
export const RESUMED_FROM = z.array(z.number());

const subject = { name: z.string(), canonical: z.string(), candidateId: z.int().nullable(), score: z.number().nullable(), role: z.string() };
/** Networks to train, by space. */
export const SUBJECTS = {
  cell: z.array(z.looseObject({ ...subject, architecture: architectureSchema })),
  anytime: z.array(z.looseObject({ ...subject, model: anytimeModelSchema })),
} as const;
