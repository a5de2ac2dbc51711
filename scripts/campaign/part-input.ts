/** What every part of the campaign gets. */
export interface PartInput {
  /** A folder of its own, removed after the part. */
  readonly folder: string;
  /** Share of the whole campaign. */
  readonly scale: number;
  readonly seed: number;
  readonly say: (text: string) => void;
}
