/** The workflow described on the help page. */
export const STEPS: readonly { readonly title: string; readonly text: string }[] = [
  {
    title: "Configure",
    text: "Open New run and choose a dataset, the operations and the cell size. A pipeline runs all of the following stages automatically.",
  },
  { title: "Train GHN", text: "The GHN learns to generate weights for unseen cells. Watch its validation score: it should rise and stay high." },
  { title: "Search", text: "Hundreds of cells are scored with generated weights, within seconds each. The best form the shortlist (GHN Top)." },
  {
    title: "Train shortlist",
    text: "The shortlist and a set of random cells are trained from scratch with the same protocol. The Correlation tab shows how well scores predict accuracy.",
  },
  { title: "Train winner", text: "The best cell is fully trained (GHN Top-Best). Only this stage measures test accuracy." },
  { title: "Export", text: "Export the cell, its drawing and its weights, with checksums, from the run or from the Cells page." },
];
