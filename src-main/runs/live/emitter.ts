/** A typed event emitter. A listener that throws affects neither other listeners nor the emitting code. */
export class Emitter<Events extends object> {
  private readonly listeners = new Map<keyof Events, Set<(payload: never) => void>>();
  private readonly onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void = (error) => console.error("A listener failed:", error)) {
    this.onError = onError;
  }

  /** Adds a listener. @returns a function that removes it */
  on<Name extends keyof Events>(name: Name, listener: (payload: Events[Name]) => void): () => void {
    const known = this.listeners.get(name) ?? new Set();
    known.add(listener);
    this.listeners.set(name, known);
    return () => void known.delete(listener);
  }

  emit<Name extends keyof Events>(name: Name, payload: Events[Name]): void {
    for (const listener of [...(this.listeners.get(name) ?? [])]) {
      try {
        (listener as (payload: Events[Name]) => void)(payload);
      } catch (error) {
        this.onError(error);
      }
    }
  }
}
