import type { Mutant } from '../mutant.ts';

/** Bugs in durable queues. */
export const queueMutants: readonly Mutant[] = [
  {
    name: 'queue-ack-before-store',
    scenario: 'queueing',
    bug: 'an acknowledgement of a message is confirmed before the store has it',
    file: 'storage/work-queue/task-leases.ts',
    find: '    await this.#storage.consumers.settle(this.#spec, lease.token, settlement, leftMs);\n',
    replace:
      '    this.#storage.consumers\n      .settle(this.#spec, lease.token, settlement, leftMs)\n      .catch(() => undefined);\n',
  },
  {
    name: 'lease-not-checked',
    scenario: 'queueing',
    bug: 'a taker whose lease is over settles the message that another one has',
    file: 'queue/log-queues.ts',
    find: 'return (await this.#registry.extension(leaseKey(lease))) ?? untilMs;',
    replace: 'return clock.wallNow() + 60_000;',
  },
  {
    name: 'redelivery-off',
    scenario: 'queueing',
    bug: 'a message that its taker gave back is removed',
    file: 'storage/work-queue/task-leases.ts',
    find: "const again = { kind: 'again', delayMs } as const;",
    replace: "const again = { kind: 'done' } as const;",
  },
  {
    name: 'message-dies-early',
    scenario: 'queueing',
    bug: 'a message dies with a delivery before its last one',
    file: 'storage/work-queue/task-leases.ts',
    find: 'if (delivery.attempt > maxAttempts) {',
    replace: 'if (delivery.attempt > maxAttempts - 2) {',
  },
  {
    name: 'queue-dedupe-off',
    scenario: 'queueing',
    bug: 'a second message of an id is stored beside the first one',
    file: 'storage/work-queue/log-work-queue.ts',
    find: '    const outcome = await this.#writer.write(this.#logName, record, nowhere);\n',
    replace:
      '    const { messageId: _id, ...rest } = record;\n    const outcome = await this.#writer.write(this.#logName, nowhere.sequence === 0 ? rest : record);\n',
  },
];
