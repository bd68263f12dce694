/**
 * Runs `step` for each item, the next step when the previous one has called `done`; then calls `finished`. A step that
 * is done at once does not deepen the stack, so that it works for a hundred thousand children.
 */
export function inSequence<T>(
  items: readonly T[],
  step: (item: T, done: () => void) => void,
  finished: () => void,
): void {
  let index = 0;
  let running = false;
  let ready = true;
  const run = () => {
    if (running) return;
    running = true;
    while (ready && index < items.length) {
      ready = false;
      const item = items[index++] as T;
      let isDone = false;
      step(item, () => {
        if (isDone) return;
        isDone = true;
        ready = true;
        run();
      });
    }
    running = false;
    if (ready) {
      ready = false;
      finished();
    }
  };
  run();
}
