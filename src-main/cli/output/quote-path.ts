/** A path that can be pasted into a POSIX shell: quoted only where it needs quotes. */
export function quotePath(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
