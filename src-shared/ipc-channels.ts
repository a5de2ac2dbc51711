/** The channels between preload and main. Calls and events are named inside the messages and checked by the gate. */
export const IPC = {
  call: "studio:call",
  subscribe: "studio:subscribe",
  event: "studio:event",
  acknowledge: "studio:acknowledge",
  /** The preload script reports the path of a file that the user dropped, which a page cannot invent. */
  dropped: "studio:dropped",
} as const;
