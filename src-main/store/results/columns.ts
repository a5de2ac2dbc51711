/** What the JSON columns and the words of candidates and trainings must hold. */
import { z } from "zod";
import { anytimeArchitectureSchema, anytimeModelSchema } from "../../../src-shared/domain/architecture/anytime.ts";
import { architectureSchema } from "../../../src-shared/domain/architecture/network.ts";

export const ROLES = ["shortlist", "random", "none"] as const;
/** Trainings of the anytime space also have references. */
export const ANYTIME_ROLES = [...ROLES, "reference"] as const;

export const CELL_ARCHITECTURE = { json: architectureSchema } as const;
export const ANYTIME_ARCHITECTURE = { json: anytimeArchitectureSchema } as const;
export const ANYTIME_MODEL = { json: anytimeModelSchema } as const;
export const PREDICTIONS = { json: z.record(z.string(), z.number().nullable()), optional: true } as const;
export const EXITS = {
  json: z.array(
    z.object({
      node: z.object({ cell: z.int(), node: z.int() }).nullable(),
      multiplyAdds: z.number(),
      accuracy: z.number(),
      testAccuracy: z.number().nullable(),
    }),
  ),
} as const;
