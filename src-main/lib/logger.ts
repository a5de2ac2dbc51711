/** Where the studio writes what happened. `detail` may hold a stack; it stays on this computer. */
export interface Logger {
  info(message: string, detail?: string): void;
  warning(message: string, detail?: string): void;
  error(message: string, detail?: string): void;
}
