import { useElementVisibility, useResizeObserver } from "@vueuse/core";
import { onBeforeUnmount, onMounted, type Ref, shallowRef, watch } from "vue";
import { type Chart, type ChartOption, init } from "./echarts.ts";

export interface Plot {
  readonly chart: Ref<Chart | null>;
  /** Draws once in the next frame, and only while the chart is visible. */
  redraw(): void;
}

/** An ECharts instance in an element: created when first visible, resized with the element, drawn only while visible. */
export function usePlot(element: Ref<HTMLElement | null>, option: () => ChartOption, after: (chart: Chart) => void = () => undefined): Plot {
  const chart = shallowRef<Chart | null>(null);
  const visible = useElementVisibility(element);
  let dirty = true;
  let frame = 0;

  function draw(): void {
    frame = 0;
    const host = element.value;
    if (host === null || !visible.value || host.clientWidth === 0) return;
    if (chart.value === null) chart.value = init(host, null, { renderer: "canvas" });
    dirty = false;
    chart.value.setOption(option(), { notMerge: true, lazyUpdate: false });
    after(chart.value);
  }

  function redraw(): void {
    dirty = true;
    if (frame === 0) frame = requestAnimationFrame(draw);
  }

  useResizeObserver(element, () => {
    chart.value?.resize();
    if (chart.value !== null) after(chart.value);
    else redraw();
  });
  watch(visible, (now) => {
    if (now && dirty) redraw();
  });
  onMounted(redraw);
  onBeforeUnmount(() => {
    cancelAnimationFrame(frame);
    chart.value?.dispose();
    chart.value = null;
  });
  return { chart, redraw };
}

/** The same chart as an SVG document, for export. */
export function svgOf(option: ChartOption, width: number, height: number): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  chart.setOption(option);
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
