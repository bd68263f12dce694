/** Variable that a parent sets when it has an IPC channel to this process and keeps it open. */
export const supervisedVariable = 'DROVER_SUPERVISED';

/** The parent process: `drover up`, or the launcher that runs on an older Node. */
export interface Parent {
  /** Sends a message. Does nothing when the parent has ended. */
  report(message: object): void;
}

/**
 * Connects to the parent, if there is one, and calls `onGone` when the parent ends, also by SIGKILL. Removes the
 * variable from the environment, so that children of this process do not inherit it.
 */
export function watchParent(onGone: () => void): Parent | undefined {
  const supervised = process.env[supervisedVariable] === '1';
  delete process.env[supervisedVariable];
  if (!supervised || process.send === undefined) return undefined;
  let isReported = false;
  const gone = (): void => {
    if (isReported) return;
    isReported = true;
    onGone();
  };
  process.once('disconnect', gone);
  if (!process.connected) setImmediate(gone);
  return {
    report: (message) => {
      if (process.connected) process.send?.(message, undefined, undefined, () => {});
    },
  };
}
