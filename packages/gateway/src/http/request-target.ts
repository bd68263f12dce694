/** Path, query and authority of a request line. */
export interface RequestTarget {
  /** Decoded, without the query. */
  readonly path: string;
  /** As it was sent. */
  readonly encodedPath: string;
  readonly query: string;
  /** Authority of an absolute-form target; replaces the Host header, as in Go. */
  readonly authority: string | undefined;
}

/** Parses a request target; undefined if it has no path or a broken escape. */
export function targetOf(url: string): RequestTarget | undefined {
  const absolute = /^https?:\/\/([^/?]*)/i.exec(url);
  const rest = absolute ? url.slice(absolute[0].length) : url;
  if (absolute && !rest.startsWith('/')) return targetOf(`http://${absolute[1]}/${rest}`);
  if (!rest.startsWith('/')) return undefined;
  const mark = rest.indexOf('?');
  const encodedPath = mark < 0 ? rest : rest.slice(0, mark);
  const path = decodePath(encodedPath);
  if (path === undefined) return undefined;
  return { path, encodedPath, query: mark < 0 ? '' : rest.slice(mark), authority: absolute?.[1] };
}

/** Escapes may encode any byte, also one that is not valid UTF-8: `%ff` is valid, `%zz` and `%2` are not. */
export function decodePath(path: string): string | undefined {
  if (!path.includes('%')) return path;
  if (/%(?![0-9A-Fa-f]{2})/.test(path)) return undefined;
  const bytes = path.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
