/** Where the windows were and what they showed, from one start to the next. Pure; the settings file keeps it. */
import { z } from "zod";
import type { Electron } from "./electron-like.ts";

const rectangle = z.object({ x: z.int(), y: z.int(), width: z.int().min(1).max(100_000), height: z.int().min(1).max(100_000) });
const stateSchema = z.array(z.object({ folder: z.string().max(4096).nullable(), bounds: rectangle, maximized: z.boolean() })).max(20);
export type WindowState = z.infer<typeof stateSchema>[number];

/** Key of the states among the settings. */
export const WINDOW_STATE_KEY = "host.windows";
export const MIN_SIZE = { width: 960, height: 640 } as const;
const DEFAULT_SIZE = { width: 1280, height: 800 } as const;
/** So much of a window must be on some screen, in pixels each way, or it could not be moved back. */
const VISIBLE = 80;

/** States as stored; anything that does not fit counts as none. */
export function parseWindowStates(stored: unknown): WindowState[] {
  const parsed = stateSchema.safeParse(stored);
  return parsed.success ? parsed.data : [];
}

/** Bounds that lie on the screens of today: as stored where they still show, else in the middle of the first screen. */
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
