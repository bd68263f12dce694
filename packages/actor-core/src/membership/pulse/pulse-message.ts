/** What the pulse thread is started with. Copied into the thread. */
export interface PulseStart {
  readonly node: string;
  readonly incarnation: number;
  readonly cell: string;
  readonly servers: readonly string[];
  readonly creds: string | undefined;
  readonly user: string | undefined;
  readonly pass: string | undefined;
  /** Two numbers shared with the main loop: see `beatIndex` and `connectedIndex`. */
  readonly shared: SharedArrayBuffer;
}

/** Index of the counter that the main loop raises in every `beatMs`. */
export const beatIndex = 0;
/** Index of the flag that is 1 while the main connection is up. */
export const connectedIndex = 1;
/** Interval of the main loop's beats, milliseconds. */
export const beatMs = 100;

/** From the thread: it is connected and answers, or it is not any more. */
export type FromPulse = { readonly isRunning: boolean };
