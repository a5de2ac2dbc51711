/** Names of the stages of pipelines and anytime runs, by stage key: in the window, in run names, estimates and messages. */
export const STAGE_TITLES = {
  ghn: "Train GHN",
  search: "Search",
  compare: "Train shortlist",
  final: "Train winner",
  train: "Train networks",
} as const;
