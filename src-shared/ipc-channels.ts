/** The four channels between preload and main. What is called or told is named inside, and checked by the gate. */
export const IPC = {
  call: "studio:call",
  subscribe: "studio:subscribe",
  event: "studio:event",
  acknowledge: "studio:acknowledge",
} as const;
