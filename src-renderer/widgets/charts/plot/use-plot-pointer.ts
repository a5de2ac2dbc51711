import { type ComputedRef, computed, type Ref, ref } from "vue";
import type { Chart } from "./echarts.ts";

export interface PlotBox {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Band {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface PlotPointerOptions {
  readonly box: PlotBox;
  /** Whether a drag selects a range of x or a rectangle. */
  readonly shape: "x" | "rectangle";
  hover(x: number | null, y: number | null, pixel: readonly [number, number] | null): void;
  select(x: readonly [number, number], y: readonly [number, number]): void;
  wheel?(place: number, factor: number): void;
  pan?(by: number): void;
  released?(): void;
  reset(): void;
  click?(pixel: readonly [number, number]): void;
}

/** Pointer interaction on a plot: hover, drag to select, Shift+drag to pan, Ctrl+wheel to zoom, double-click to reset. */
export function usePlotPointer(
  element: Ref<HTMLElement | null>,
  chart: Ref<Chart | null>,
  options: PlotPointerOptions,
): { band: ComputedRef<Band | null>; handlers: Record<string, (event: never) => void> } {
  const start = ref<readonly [number, number] | null>(null);
  const now = ref<readonly [number, number] | null>(null);
  let panFrom: number | null = null;

  function pixel(event: MouseEvent): [number, number] {
    const bounds = element.value?.getBoundingClientRect();
    return [event.clientX - (bounds?.left ?? 0), event.clientY - (bounds?.top ?? 0)];
  }

  function inside([x, y]: readonly [number, number]): boolean {
    const host = element.value;
    return (
      host !== null && x >= options.box.left && x <= host.clientWidth - options.box.right && y >= options.box.top && y <= host.clientHeight - options.box.bottom
    );
  }

  function clamp([x, y]: readonly [number, number]): [number, number] {
    const host = element.value;
    if (host === null) return [x, y];
    return [
      Math.max(options.box.left, Math.min(host.clientWidth - options.box.right, x)),
      Math.max(options.box.top, Math.min(host.clientHeight - options.box.bottom, y)),
    ];
  }

  function value(axis: "xAxisIndex" | "yAxisIndex", place: number): number {
    const converted = chart.value?.convertFromPixel({ [axis]: 0 }, place);
    return typeof converted === "number" ? converted : Number.NaN;
  }

  const band = computed<Band | null>(() => {
    const [a, b, host] = [start.value, now.value, element.value];
    if (a === null || b === null || host === null) return null;
    const left = Math.min(a[0], b[0]);
    const whole = options.shape === "x";
    return {
      left,
      width: Math.abs(a[0] - b[0]),
      top: whole ? options.box.top : Math.min(a[1], b[1]),
      height: whole ? host.clientHeight - options.box.top - options.box.bottom : Math.abs(a[1] - b[1]),
    };
  });

  const ordered = (a: number, b: number): readonly [number, number] => (a < b ? [a, b] : [b, a]);

  const handlers = {
    pointermove(event: PointerEvent): void {
      const place = pixel(event);
      if (panFrom !== null) {
        const by = value("xAxisIndex", panFrom) - value("xAxisIndex", place[0]);
        panFrom = place[0];
        options.pan?.(by);
        return;
      }
      if (start.value !== null) now.value = clamp(place);
      if (inside(place)) options.hover(value("xAxisIndex", place[0]), value("yAxisIndex", place[1]), place);
      else options.hover(null, null, null);
    },
    pointerleave(): void {
      if (start.value === null) options.hover(null, null, null);
    },
    pointerdown(event: PointerEvent): void {
      const place = pixel(event);
      if (event.button !== 0 || !inside(place) || chart.value === null) return;
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
      if (event.shiftKey && options.pan !== undefined) panFrom = place[0];
      else start.value = now.value = place;
    },
    pointercancel(): void {
      start.value = now.value = null;
      if (panFrom !== null) options.released?.();
      panFrom = null;
    },
    pointerup(): void {
      const [a, b] = [start.value, now.value];
      start.value = now.value = null;
      if (panFrom !== null) options.released?.();
      panFrom = null;
      if (a === null || b === null) return;
      if (Math.abs(a[0] - b[0]) < 5 && (options.shape === "x" || Math.abs(a[1] - b[1]) < 5)) {
        options.click?.(a);
        return;
      }
      options.select(ordered(value("xAxisIndex", a[0]), value("xAxisIndex", b[0])), ordered(value("yAxisIndex", a[1]), value("yAxisIndex", b[1])));
    },
    dblclick: (): void => options.reset(),
    wheel(event: WheelEvent): void {
      if (!(event.ctrlKey || event.metaKey) || options.wheel === undefined) return;
      event.preventDefault();
      options.wheel(value("xAxisIndex", pixel(event)[0]), event.deltaY > 0 ? 1.25 : 0.8);
    },
  };
  return { band, handlers: handlers as Record<string, (event: never) => void> };
}
