/** What is known about an architecture without executing it. */
import type { AnytimeArchitecture, AnytimeNodeRef } from "../architecture/anytime.ts";
import type { Architecture, NetworkConfig } from "../architecture/network.ts";

/** A cell from a publication. */
export interface PublishedCellInfo {
  readonly id: string;
  readonly name: string;
  /** Publication, figure, source code. */
  readonly source: string;
  readonly architecture: Architecture;
  /** The network of its publication, as far as our settings can express it; the counts are of this network. */
  readonly network: NetworkConfig;
  readonly parameters: number;
  readonly multiplyAdds: number;
  readonly publishedParameters: number;
  /** The setting that the publication counts: images, cells, channels. */
  readonly publishedSetting: string;
  /** Explanation of a difference between the counts, if there is one. */
  readonly remark: string | null;
}

export interface CellDescription {
  readonly architecture: Architecture;
  readonly canonical: string;
  readonly parameters: number;
  readonly multiplyAdds: number;
  /** One entry per node of each block, in order. */
  readonly nodes: readonly NodeDescription[];
}

export interface NodeDescription {
  readonly block: number;
  /** 0 and 1 are the input nodes; 2 + i is operation node i; −1 the stem, −2 the classifier. */
  readonly node: number;
  readonly operation: string;
  /** [height, width, channels] of its output for one image. */
  readonly shape: readonly number[];
  readonly parameters: number;
  readonly multiplyAdds: number;
}

/** What is known about a network with several exits without executing it. */
export interface AnytimeDescription {
  readonly architecture: AnytimeArchitecture;
  readonly canonical: string;
  readonly parameters: number;
  /** Of the last exit. */
  readonly multiplyAdds: number;
  /** In order of their cost, with the multiply-adds computed up to each exit. */
  readonly exits: readonly { readonly node: AnytimeNodeRef | null; readonly multiplyAdds: number }[];
}

export interface SpaceHistogram {
  readonly parameters: readonly number[];
  readonly multiplyAdds: readonly number[];
}
