import { type InjectionKey, inject, onScopeDispose, provide } from "vue";

type Listener = (path: string) => void;
const KEY: InjectionKey<Set<Listener>> = Symbol("reveal");

/** Called by the form: returns a function that asks its parts to expand whatever hides a field. */
export function provideReveal(): Listener {
  const listeners = new Set<Listener>();
  provide(KEY, listeners);
  return (path) => {
    for (const listener of listeners) listener(path);
  };
}

/** Called by parts of the form: registers a listener for fields about to be shown. */
export function onReveal(listener: Listener): void {
  const listeners = inject(KEY, null);
  listeners?.add(listener);
  onScopeDispose(() => listeners?.delete(listener));
}

/** Paths at which a field may be shown, most specific first: the field itself, the one for all entries of its list, then the enclosing lists and groups. */
export function placesOf(path: string): string[] {
  const places: string[] = [];
  for (let parts = path.split("."); parts.length > 0; parts = parts.slice(0, -1)) {
    const place = parts.join(".");
    places.push(place, ...(parts.slice(0, -1).some((part) => /^\d+$/.test(part)) ? [place.replace(/\.\d+\./, ".*.")] : []));
  }
  return places;
}
