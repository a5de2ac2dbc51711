/** Only the parts of ECharts that are used. */
import { LineChart, ParallelChart, ScatterChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkLineComponent, ParallelComponent, TitleComponent } from "echarts/components";
import * as core from "echarts/core";
import { CanvasRenderer, SVGRenderer } from "echarts/renderers";

core.use([
  LineChart,
  ScatterChart,
  ParallelChart,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  ParallelComponent,
  TitleComponent,
  CanvasRenderer,
  SVGRenderer,
]);

export type Chart = core.ECharts;
export type ChartOption = core.EChartsCoreOption;
export const init = core.init;
