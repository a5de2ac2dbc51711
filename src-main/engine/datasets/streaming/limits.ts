/** Side of streamed images in pixels, unless the config says otherwise: that of ImageNet-mobile. */
export const STREAMED_SIDE = 224;

/** Training batches that lie decoded or are being decoded ahead of the step at work. */
export const PREFETCHED = 3;
