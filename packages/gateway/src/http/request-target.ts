/** Path and query; undefined for a target that is no path or has a broken escape. */
export function targetOf(url: string): { path: string; query: string } | undefined {
  const absolute = /^https?:\/\/[^/?]*/i.exec(url);
  const rest = absolute ? url.slice(absolute[0].length) || '/' : url;
  if (!rest.startsWith('/')) return undefined;
  const mark = rest.indexOf('?');
  try {
    return {
      path: decodeURIComponent(mark < 0 ? rest : rest.slice(0, mark)),
      query: mark < 0 ? '' : rest.slice(mark),
    };
  } catch {
    return undefined;
  }
}
