/** The studio's log. `detail` may contain a stack trace; it is never sent anywhere. */
export interface Logger {
  info(message: string, detail?: string): void;
  warning(message: string, detail?: string): void;
  error(message: string, detail?: string): void;
}
