/**
 * The path with its parameters, and the query. Values that are undefined are left out, lists are repeated.
 *
 * @throws TypeError for a parameter of the path that is missing or empty
 */
export function targetOf(
  template: string,
  path: Readonly<Record<string, string>>,
  query: Readonly<Record<string, unknown>>,
): string {
  const filled = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = path[name];
    if (value === undefined || value === '') throw new TypeError(`${name} must not be empty (${template})`);
    // Dot segments are resolved away before the request is sent, encoded ones too.
    if (value === '.' || value === '..') throw new TypeError(`${name} must not be ${value} (${template})`);
    return encodeURIComponent(value);
  });
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined) search.append(name, String(one));
  const text = search.toString();
  return text === '' ? filled : `${filled}?${text}`;
}
