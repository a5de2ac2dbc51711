import type { z } from "zod";
import type { NetworkInput } from "../../../../src-shared/domain/architecture/network.ts";
import type { GhnConfig } from "../../../../src-shared/domain/config/run-config.ts";
import type { NetworkPlan } from "../../network/plan-types.ts";
import type { NetworkFamily } from "./network-family.ts";
import type { SpaceTypes } from "./space-types.ts";

/** What hypernetworks need to know about a space. */
export interface GhnDescription<T extends SpaceTypes = SpaceTypes> {
  /** Marks a safetensors file with a trained generator of the space. */
  readonly fileFormat: string;
  readonly manifestSchema: z.ZodType<GhnManifest<T>>;
  manifest(run: T["ghnRun"], input: NetworkInput): GhnManifest<T>;
  /** The networks that a generator can generate weights for. */
  family(settings: T["settings"], network: T["network"], input: NetworkInput): NetworkFamily;
  /** Checks that a trained generator fits a search. @throws UserError `ghn-mismatch`, with the field */
  check(manifest: GhnManifest<T>, asked: Pick<T["searchRun"], "space" | "network" | "cells">, input: NetworkInput, file: string): void;
  /** What baselines of fixed size need; null if the space supports only graph hypernetworks. */
  readonly fixedSize: FixedSize<T> | null;
}

export interface FixedSize<T extends SpaceTypes = SpaceTypes> {
  /** Operation nodes of the largest cell. */
  nodes(manifest: GhnManifest<T>): number;
  /** Networks that together use every parameter of every network of the space. */
  covering(manifest: GhnManifest<T>): NetworkPlan[];
}

/** The manifest in a GHN file. */
export interface GhnManifest<T extends SpaceTypes = SpaceTypes> {
  readonly ghn: GhnConfig;
  readonly network: T["network"];
  readonly input: NetworkInput;
  /** Missing in files of the first versions. */
  readonly space?: T["settings"] | undefined;
}
