import {
  type Arbitrary,
  array,
  assert,
  boolean,
  constant,
  constantFrom,
  oneof,
  option,
  property,
  record,
} from 'fast-check';
import { expect, it } from 'vitest';
import { mailboxOptions } from '../testing/arbitraries.ts';
import { createMailbox } from './create-mailbox.ts';
import { takeDisplaced } from './mailbox.ts';
import type { MailboxOptions } from '../actor/mailbox-options.ts';
import { empty } from './ring.ts';
import type { BlockedSender } from '../actor/blocked-sender.ts';

type Operation =
  | { readonly do: 'offer'; readonly control: boolean; readonly priority: number }
  | { readonly do: 'wait'; readonly priority: number }
  | { readonly do: 'put-back'; readonly priority: number }
  | { readonly do: 'take' };

interface Message {
  readonly number: number;
  readonly priority: number;
}

const priority = constantFrom(0, 1, 2, Number.NaN);
const operations: Arbitrary<Operation> = oneof(
  { arbitrary: record({ do: constant('offer' as const), control: boolean(), priority }), weight: 4 },
  { arbitrary: record({ do: constant('wait' as const), priority }), weight: 3 },
  { arbitrary: record({ do: constant('put-back' as const), priority }), weight: 1 },
  { arbitrary: constant({ do: 'take' as const }), weight: 4 },
);

/** What a mailbox is, said as plainly as can be: three lists, searched from the front. */
class ModelMailbox {
  readonly control: Message[] = [];
  readonly data: Message[] = [];
  readonly senders: Message[] = [];
  readonly #capacity: number;
  readonly #overflow: MailboxOptions['overflow'];
  readonly #hasPriorities: boolean;

  constructor({ capacity = 1000, overflow = 'reject', priorityOf }: MailboxOptions) {
    this.#capacity = capacity;
    this.#overflow = overflow;
    this.#hasPriorities = priorityOf !== undefined;
  }

  offer(message: Message, isControl: boolean): string {
    const lane = isControl ? this.control : this.data;
    if (lane.length < this.#capacity) {
      lane.push(message);
      return 'taken';
    }
    if (this.#overflow === 'drop-newest') return 'dropped';
    if (this.#overflow !== 'drop-oldest') return 'full';
    const oldest = lane.shift() as Message;
    lane.push(message);
    return `displaced ${oldest.number}`;
  }

  wait(message: Message): string {
    if (this.#overflow !== 'backpressure' || this.data.length < this.#capacity)
      return this.offer(message, false);
    if (this.senders.length >= this.#capacity) return 'full';
    this.senders.push(message);
    return 'waiting';
  }

  putBack(message: Message): void {
    this.data.unshift(message);
  }

  take(): string {
    const control = this.control.shift();
    if (control !== undefined) return `took ${control.number}`;
    const [index] = this.data
      .map((message, at) => ({
        at,
        rank: Number.isNaN(message.priority) ? Number.POSITIVE_INFINITY : message.priority,
      }))
      .toSorted((one, other) =>
        this.#hasPriorities && one.rank !== other.rank ? one.rank - other.rank : one.at - other.at,
      )
      .map(({ at }) => at);
    const taken = index === undefined ? undefined : this.data.splice(index, 1)[0];
    if (this.data.length < this.#capacity) this.data.push(...this.senders.splice(0, 1));
    return taken === undefined ? 'nothing' : `took ${taken.number}`;
  }
}

/** What became of an offer, with what it pushed out. */
function said(offer: string): string {
  return offer === 'displaced' ? `displaced ${(takeDisplaced() as Message).number}` : offer;
}

/** Plays the operations on both, and returns what each of them said. */
function play(options: MailboxOptions, played: readonly Operation[]): { ours: string[]; model: string[] } {
  const mailbox = createMailbox(options);
  const model = new ModelMailbox(options);
  const ours: string[] = [];
  const theirs: string[] = [];
  for (const [number, operation] of played.entries()) {
    if (operation.do === 'take') {
      const item = mailbox.take();
      ours.push(item === empty ? 'nothing' : `took ${(item as Message).number}`);
      theirs.push(model.take());
      continue;
    }
    const message = { number, priority: operation.priority };
    if (operation.do === 'offer') {
      ours.push(said(mailbox.offer(message, operation.control)));
      theirs.push(model.offer(message, operation.control));
    } else if (operation.do === 'wait') {
      ours.push(said(mailbox.offerOrWait(message, sender)));
      theirs.push(model.wait(message));
    } else {
      mailbox.putBack([message]);
      model.putBack(message);
    }
    ours.push(`depth ${mailbox.depth}`);
    theirs.push(`depth ${model.control.length + model.data.length}`);
  }
  return { ours, model: theirs };
}

const sender: BlockedSender = { isOver: false, accepted() {}, refuse() {} };
const priorityOf = (message: never): number => (message as Message).priority;

it('a mailbox behaves as three plain lists, with every capacity, overflow and priority', () => {
  const options = record({ bounds: mailboxOptions(4), priorities: option(constant(priorityOf)) }).map(
    ({ bounds, priorities }) =>
      priorities === null || bounds.overflow === 'drop-oldest'
        ? bounds
        : { ...bounds, priorityOf: priorities },
  );
  assert(
    property(options, array(operations, { maxLength: 80 }), (bounds, played) => {
      const { ours, model } = play(bounds, played);
      expect(ours).toEqual(model);
    }),
    { numRuns: 2_000 },
  );
});
