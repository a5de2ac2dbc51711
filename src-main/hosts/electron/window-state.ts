/** Bounds and projects of the windows, kept between starts in the settings. Pure. */
import { z } from "zod";
import type { Electron } from "./electron-like.ts";

const rectangle = z.object({ x: z.int(), y: z.int(), width: z.int().min(1).max(100_000), height: z.int().min(1).max(100_000) });
const stateSchema = z.array(z.object({ folder: z.string().max(4096).nullable(), bounds: rectangle, maximized: z.boolean() })).max(20);
export type WindowState = z.infer<typeof stateSchema>[number];

/** Key in the settings. */
export const WINDOW_STATE_KEY = "host.windows";
export const MIN_SIZE = { width: 960, height: 640 } as const;
const DEFAULT_SIZE = { width: 1280, height: 800 } as const;
/** This much of a window must be visible, in pixels in each direction, so that it can be moved. */
const VISIBLE = 80;

/** Parses stored states; invalid ones are ignored. */
export function parseWindowStates(stored: unknown): WindowState[] {
  const parsed = stateSchema.safeParse(stored);
  return parsed.success ? parsed.data : [];
}

/** Fits bounds to the current screens: as stored if still visible, otherwise centred on the first screen. */
export function fitBounds(stored: Electron.Rectangle | null, workAreas: readonly Electron.Rectangle[], offset = 0): Electron.Rectangle {
  const [first = { x: 0, y: 0, ...DEFAULT_SIZE }] = workAreas;
  if (stored !== null) {
    const area = workAreas.find(
      (candidate) =>
        overlap(stored.x, stored.width, candidate.x, candidate.width) >= VISIBLE && overlap(stored.y, stored.height, candidate.y, candidate.height) >= VISIBLE,
    );
    if (area !== undefined) {
      const width = Math.min(Math.max(stored.width, MIN_SIZE.width), area.width);
      const height = Math.min(Math.max(stored.height, MIN_SIZE.height), area.height);
      return { x: clamp(stored.x, area.x, area.x + area.width - width), y: clamp(stored.y, area.y, area.y + area.height - height), width, height };
    }
  }
  const width = Math.min(DEFAULT_SIZE.width, first.width);
  const height = Math.min(DEFAULT_SIZE.height, first.height);
  const x = first.x + Math.round((first.width - width) / 2) + offset;
  const y = first.y + Math.round((first.height - height) / 2) + offset;
  return { x: clamp(x, first.x, first.x + first.width - width), y: clamp(y, first.y, first.y + first.height - height), width, height };
}

function overlap(start: number, length: number, otherStart: number, otherLength: number): number {
  return Math.min(start + length, otherStart + otherLength) - Math.max(start, otherStart);
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(value, Math.max(low, high)));
}
