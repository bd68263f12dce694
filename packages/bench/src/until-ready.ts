/** Servers that start together answer for JetStream some seconds later. */
const readyTimeoutMs = 60_000;
const pauseMs = 250;

/** Repeats an act until it succeeds. @throws its last error, after a minute */
export async function untilReady<T>(act: () => Promise<T>): Promise<T> {
  const deadlineMs = performance.now() + readyTimeoutMs;
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
