/** Name of the variable that says: the process that started this one listens on the IPC channel and keeps it. */
export const supervisedVariable = 'DROVER_SUPERVISED';

/** The process that started this one, when it is of ours: `drover up`, or the launcher on an older Node. */
export interface Parent {
  /** Tells it something; nothing happens when it is gone. */
  report(message: object): void;
}

/**
 * Connects to the parent, if there is one, and calls `onGone` when it ends, however it ends. The variable is
 * removed, so that this process' own children do not believe it.
 */
export function watchParent(onGone: () => void): Parent | undefined {
  const supervised = process.env[supervisedVariable] === '1';
  delete process.env[supervisedVariable];
  if (!supervised || process.send === undefined) return undefined;
  let told = false;
  const gone = (): void => {
    if (told) return;
    told = true;
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
