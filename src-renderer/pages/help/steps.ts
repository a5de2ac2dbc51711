/** The way through the studio, as the help page tells it. */
export const STEPS: readonly { readonly title: string; readonly text: string }[] = [
  { title: "Set up", text: "New run: choose images, operations and the size of cells. The pipeline kind does everything that follows by itself." },
  { title: "Train the GHN", text: "It learns to generate weights for cells it has never seen. Watch its validation score: it should rise and stay." },
  { title: "Search", text: "Hundreds of cells are scored with generated weights, in seconds each. The best are the shortlist (GHN Top)." },
  {
    title: "Train the shortlist",
    text: "The shortlist and random cells are trained from scratch with one protocol; the Correlation tab shows whether scores predict accuracies.",
  },
  { title: "Train the best", text: "The best of them is trained to the end (GHN Top-Best). Test images are measured once, here." },
  { title: "Take it with you", text: "Export the cell, its drawing and its weights from the run or from the Cells page, with checksums." },
];
