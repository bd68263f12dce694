/** A known bug, planted as a textual patch: a simulation that does not find it proves nothing about such bugs. */
export interface Mutant {
  readonly name: string;
  /** Effect of the bug. */
  readonly bug: string;
  /** Path below `src`. */
  readonly file: string;
  /** Text that must occur exactly once in the file: a patch that no longer applies is an error. */
  readonly find: string;
  readonly replace: string;
  /** What has to find it: scenarios, separated by commas. Fewer scenarios make a run faster. @default all together */
  readonly scenario?: string;
}

export const mutants: readonly Mutant[] = [
  {
    name: 'control-lane-lost-on-restart',
    scenario: 'messaging',
    bug: 'a restart keeps the data lane of the mailbox and forgets the control lane',
    file: 'cell/lifecycle.ts',
    find: '  cell.incarnation++;\n',
    replace:
      '  cell.incarnation++;\n  while (cell.mailbox.depth > cell.mailbox.length) cell.mailbox.take();\n',
  },
  {
    name: 'ask-without-deadline',
    scenario: 'messaging',
    bug: 'a question whose answer is lost never ends',
    file: 'cell/ask.ts',
    find: 'node.deadlines.add(pending, timeoutMs);',
    replace: '',
  },
  {
    name: 'dedupe-off',
    scenario: 'streaming',
    bug: 'an item of a stream that the bus delivered twice is read twice',
    file: 'streaming/credit-reader.ts',
    find: 'if (!Number.isSafeInteger(sequence) || sequence < this.#received) return;',
    replace: 'if (!Number.isSafeInteger(sequence)) return;',
  },
  {
    name: 'watch-dropped-on-reconnect',
    scenario: 'watching',
    bug: 'a node that reconnects has lost its watches',
    file: 'remoting/outbound-watches.ts',
    find: '  reconnected(): void {\n',
    replace: '  reconnected(): void {\n    this.#byId.clear();\n',
  },
  {
    name: 'incarnation-not-bumped',
    scenario: 'supervision',
    bug: 'the next incarnation of an actor has the number of the previous one',
    file: 'cell/lifecycle.ts',
    find: '  cell.incarnation++;\n',
    replace: '',
  },
  {
    name: 'restart-counted-twice',
    scenario: 'supervision',
    bug: 'one restart counts as two against the intensity',
    file: 'supervision/restart-intensity.ts',
    find: '[...recent, nowMs]',
    replace: '[...recent, nowMs, nowMs]',
  },
  {
    name: 'credit-not-returned',
    scenario: 'streaming',
    bug: 'a reader grants its first window and nothing after it',
    file: 'streaming/credit-reader.ts',
    find: 'if (this.#read + this.#window - this.#granted >= this.#window / 2) this.#grant();',
    replace: '',
  },
  {
    name: 'lost-tail-not-noticed',
    scenario: 'streaming',
    bug: 'a stream whose last items were lost waits for ever, with signs of life from both sides',
    file: 'streaming/credit-reader.ts',
    find: 'return frame[1] > this.#received ? this.#breakOff(frame[1]) : undefined;',
    replace: 'return;',
  },
  {
    name: 'reliable-dedupe-off',
    scenario: 'delivery',
    bug: 'a consumer of reliable delivery handles a message twice',
    file: 'delivery/consumer-window.ts',
    find: "sequence <= this.#handled) return 'ignore';\n    if (sequence === this.#handled + 1) return 'handle';",
    replace: "sequence < 1) return 'ignore';\n    if (sequence <= this.#handled + 1) return 'handle';",
  },
  {
    name: 'registry-digest-ignored',
    scenario: 'registry',
    bug: 'a registry change that was lost on the bus is never repaired',
    file: 'registry/cluster-registry.ts',
    find: 'this.#perform(this.#table.digest(node, nodeIncarnation, message[2]));',
    replace: 'return;',
  },
  {
    name: 'registry-removal-lost',
    scenario: 'registry',
    bug: 'entries that another node removes from the registry stay in this one',
    file: 'registry/registry-table.ts',
    find: "if (change === 'remove') record.entries.delete(entry);",
    replace: "if (change === 'remove') continue;",
  },
  {
    name: 'name-kept-twice',
    scenario: 'registry',
    bug: 'an actor that lost its name to an earlier claim keeps its own claim and holds the name again later',
    file: 'registry/registry-table.ts',
    find: "if (lost === ours) effects.push(...this.#change([['remove', ours]]));",
    replace: '',
  },
  {
    name: 'frame-sent-twice',
    scenario: 'messaging',
    bug: 'messages of one frame are sent again in the next frame',
    file: 'remoting/outbox.ts',
    find: '    this.#buffer = undefined;\n    this.#bytes = 0;\n    this.#recipients = [];\n    this.#asks = [];\n    const frame = Uint8Array.prototype.slice.call(buffer, 0, bytes);\n    if (spare.length < maxSpare) spare.push(buffer);\n',
    replace:
      '    if (recipients.length > 3) {\n      this.#buffer = undefined;\n      this.#bytes = 0;\n      this.#recipients = [];\n      this.#asks = [];\n    }\n    const frame = Uint8Array.prototype.slice.call(buffer, 0, bytes);\n',
  },
  {
    name: 'older-incarnation-reached',
    scenario: 'messaging',
    bug: 'a ref to an earlier incarnation of a node reaches an actor of the present incarnation',
    file: 'remoting/frame-receiver.ts',
    find: "    if (nodeIncarnation !== 0 && nodeIncarnation !== incarnation) return refuse('stale-incarnation');\n",
    replace: '',
  },
  {
    name: 'message-of-an-ended-incarnation',
    scenario: 'messaging',
    bug: 'messages of an incarnation of a node are accepted after a newer incarnation was seen',
    file: 'remoting/frame-receiver.ts',
    find: '        if (incarnation <= this.#parts.peers.goneIncarnation(peer)) return false;\n',
    replace: '',
  },
  {
    name: 'question-outlives-its-node',
    scenario: 'messaging',
    bug: 'a question to a node that has left waits for its deadline',
    file: 'remoting/remoting.ts',
    find: 'endpoint.nodeGone(node, incarnation, isReplaced);\n',
    replace: 'endpoint.nodeGone(node, 0, isReplaced || endpoint.protocol === undefined);\n',
  },
  {
    name: 'stream-credit-counted-twice',
    scenario: 'streaming',
    bug: 'a producer adds up the credit, which its reader sends as an absolute number',
    file: 'streaming/credit-writer.ts',
    find: 'this.#credit = Math.max(this.#credit, control[1]);',
    replace: 'this.#credit += control[1];',
  },
  {
    name: 'older-incarnation-accepted',
    bug: 'a late announcement of an earlier incarnation of a node is taken for the present one',
    file: 'membership/member-table.ts',
    find: '  if (known !== undefined && announcement.incarnation < known.incarnation)\n',
    replace: '  if (known !== undefined && announcement.incarnation < 0)\n',
  },
  {
    name: 'work-lost-with-its-worker',
    scenario: 'work',
    bug: 'the unconfirmed messages of a worker that ended are lost',
    file: 'delivery/work-dispatcher.ts',
    find: '    this.#waiting = [...worker.window.unconfirmed, ...this.#waiting];\n',
    replace: '',
  },
  {
    name: 'work-confirmed-unhandled',
    scenario: 'work',
    bug: 'a worker confirms a message when it begins with it',
    file: 'delivery/reliable-consumer.ts',
    find: '    const outcome = handle(message, context, { attempt: failures + 1 });\n',
    replace:
      '    tell(producer, channel, window.done(true));\n    const outcome = handle(message, context, { attempt: failures + 1 });\n',
  },
  {
    name: 'entity-writes-without-fence',
    scenario: 'entities',
    bug: 'a write of an entity is accepted although another activation owns the entity',
    file: 'fence/fenced-writer.ts',
    find: 'const outcome = await this.#writer.write(fence.log, record, expectationOf(fence));',
    replace: 'const outcome = await this.#writer.write(fence.log, record);',
  },
  {
    name: 'entity-activated-without-fence',
    scenario: 'entities',
    bug: 'an entity is activated with the fence of the owner that it replaces',
    file: 'entities/entity-store.ts',
    find: "    if (seen.record?.state === 'removed') await",
    replace:
      "    if (seen.record?.state === 'active' && seen.sequence > 0) return { log: place.log, subject: place.owner, sequence: seen.sequence };\n    if (seen.record?.state === 'removed') await",
  },
  {
    name: 'entity-goes-on-when-lost',
    scenario: 'entities',
    bug: 'an activation goes on after the store refused its write',
    file: 'entities/activation.ts',
    find: "if (outcome.kind === 'deposed' || outcome.kind === 'rolled-back') onLost();",
    replace: '',
  },
  {
    name: 'entity-drops-its-mailbox',
    scenario: 'entities',
    bug: 'messages in the mailbox of an entity are lost when the entity is passivated or moved',
    file: 'entities/activation.ts',
    find: '    handBackTo(this.ref, parts.onLeft);\n',
    replace: '',
  },
  {
    name: 'entity-drops-what-waits',
    scenario: 'entities',
    bug: 'messages that came while an entity stopped are not forwarded to its new owner',
    file: 'entities/entity-host.ts',
    find: 'others.forward(node, slot, message);',
    replace: '{ void others; }',
  },
  {
    name: 'entity-of-a-dead-node-lost',
    scenario: 'entities',
    bug: 'an entity whose owner has ended waits for it for ever',
    file: 'entities/entity-placement.ts',
    find: "if (known !== incarnation) return { kind: 'free' };",
    replace: "if (known !== incarnation) return { kind: 'other', node, isReachable: false };",
  },
  {
    name: 'entity-not-remembered',
    scenario: 'entities',
    bug: 'remembered entities of a lost node stay down until a message comes',
    file: 'entities/entity-upkeep.ts',
    find: 'if (started.type.remember) await this.#rememberType(started);',
    replace: 'void started;',
  },
];
