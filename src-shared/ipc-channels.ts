/** The four channels between preload and main. Calls and events are named inside the messages and checked by the gate. */
export const IPC = {
  call: "studio:call",
  subscribe: "studio:subscribe",
  event: "studio:event",
  acknowledge: "studio:acknowledge",
} as const;
