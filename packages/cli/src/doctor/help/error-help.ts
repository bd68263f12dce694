/** Meaning of an error code, and what to do. One sentence each. */
export interface ErrorHelp {
  readonly means: string;
  readonly fix: string;
}

export type HelpTable<Code extends string> = Readonly<Record<Code, ErrorHelp>>;

/** What to do about most errors of a fleet that is busy or loses a host. */
export const sendAgain = 'Send the request again after the seconds in the header retry-after.';
