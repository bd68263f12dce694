/** What one node says about whether another one is there. */
export type Sighting =
  /** It answered. */
  | 'there'
  /** It has ended: NATS knows no subscriber of it, or it announced its end, or a newer incarnation runs. */
  | 'gone'
  /** It did not answer, and the detector of the asked node calls it unreachable too. */
  | 'silent'
  /** No opinion: the asked node hears it, or has trouble itself. */
  | 'unsure';

/** The question to other nodes whether a node is gone that is unreachable for the control leader. */
export interface Inquiry {
  readonly askedAtMs: number;
  /** The nodes that were asked beside the leader itself. */
  readonly witnesses: readonly string[];
  readonly answers: ReadonlyMap<string, Sighting>;
  /** When the first witness agreed. */
  readonly agreedAtMs: number | undefined;
}

/** Rules of an inquiry, milliseconds. */
export const inquiryTiming: {
  readonly withinMs: number;
  readonly objectionMs: number;
  readonly againMs: number;
  readonly aloneMs: number;
} = {
  /** Time for the answers. */
  withinMs: 1_500,
  /** Time for the other witnesses to object after the first one agreed. */
  objectionMs: 150,
  /** Pause before the next inquiry about a node that was not found dead. */
  againMs: 500,
  /**
   * How long a node must be unreachable before the leader decides alone, because all witnesses are unreachable too.
   * The leader may be the one that is cut off: the longer it waits, the likelier its cut heals first.
   */
  aloneMs: 10_000,
};

/** Most witnesses of one inquiry. */
export const maxWitnesses = 3;

export type Judgement = 'dead' | 'alive' | 'wait' | 'unknown';

export function beginInquiry(witnesses: readonly string[], nowMs: number): Inquiry {
  return { askedAtMs: nowMs, witnesses, answers: new Map(), agreedAtMs: undefined };
}

export function addSighting(inquiry: Inquiry, from: string, sighting: Sighting, nowMs: number): Inquiry {
  const agrees = inquiry.witnesses.includes(from) && isAgreement(sighting);
  return {
    ...inquiry,
    answers: new Map(inquiry.answers).set(from, sighting),
    agreedAtMs: inquiry.agreedAtMs ?? (agrees ? nowMs : undefined),
  };
}

/**
 * Dead is a node that the leader does not reach, and a witness neither. One node that reaches it is enough to keep it.
 * Without witnesses the leader decides alone.
 */
export function judgeInquiry(inquiry: Inquiry, leader: string, nowMs: number): Judgement {
  const { answers, witnesses, askedAtMs, agreedAtMs } = inquiry;
  if ([...answers.values()].includes('there')) return 'alive';
  const own = answers.get(leader);
  const isComplete = own !== undefined && witnesses.every((witness) => answers.has(witness));
  const isOver = isComplete || nowMs - askedAtMs >= inquiryTiming.withinMs;
  if (own !== undefined && isAgreement(own)) {
    if (witnesses.length === 0) return 'dead';
    if (agreedAtMs !== undefined && (isOver || nowMs - agreedAtMs >= inquiryTiming.objectionMs))
      return 'dead';
  }
  return isOver ? 'unknown' : 'wait';
}

function isAgreement(sighting: Sighting): boolean {
  return sighting === 'gone' || sighting === 'silent';
}
