/** Side of streamed images in pixels unless the config sets it: that of the ImageNet-mobile setting. */
export const STREAMED_SIDE = 224;

/** Training batches that are decoded ahead of the current step. */
export const PREFETCHED = 3;

/** Mean and deviation of ImageNet's channels on the scale 0 .. 1. Used for every streamed folder, because measuring would require reading all of it. */
export const STREAMED_STATISTICS = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;
