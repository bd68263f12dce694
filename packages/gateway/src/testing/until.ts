/** Lets real I/O happen until `condition` holds. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  patienceMs = 30_000,
): Promise<void> {
  const beginMs = performance.now();
  while (!(await condition())) {
    if (performance.now() - beginMs > patienceMs)
      throw new Error(`${what} did not come within ${patienceMs} ms`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
