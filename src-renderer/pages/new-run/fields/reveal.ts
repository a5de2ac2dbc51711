import { type InjectionKey, inject, onScopeDispose, provide } from "vue";

type Listener = (path: string) => void;
const KEY: InjectionKey<Set<Listener>> = Symbol("reveal");

/** In the form: answers a function that asks its parts to unfold what hides a field. */
export function provideReveal(): Listener {
  const listeners = new Set<Listener>();
  provide(KEY, listeners);
  return (path) => {
    for (const listener of listeners) listener(path);
  };
}

/** In a part of the form: hears which field is about to be shown. */
export function onReveal(listener: Listener): void {
  const listeners = inject(KEY, null);
  listeners?.add(listener);
  onScopeDispose(() => listeners?.delete(listener));
}

/** Names of the places where a field may be, the narrowest first: itself, the one for all entries of its list, the lists and groups it is in. */
export function placesOf(path: string): string[] {
  const places: string[] = [];
  for (let parts = path.split("."); parts.length > 0; parts = parts.slice(0, -1)) {
    const place = parts.join(".");
    places.push(place, ...(parts.slice(0, -1).some((part) => /^\d+$/.test(part)) ? [place.replace(/\.\d+\./, ".*.")] : []));
  }
  return places;
}
