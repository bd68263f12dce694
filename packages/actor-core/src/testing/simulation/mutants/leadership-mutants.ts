import type { Mutant } from '../mutant.ts';

/** Bugs of leadership, fences and the receivers of orders. */
export const leadershipMutants: readonly Mutant[] = [
  {
    name: 'fence-check-off',
    scenario: 'leading',
    bug: 'a lone write of a leader does not assert its fence',
    file: 'fence/fenced-writer.ts',
    find: 'await this.#writer.write(fence.log, record, expectationOf(fence));',
    replace: 'await this.#writer.write(fence.log, record);',
  },
  {
    name: 'expected-zero-fence',
    scenario: 'leading',
    bug: 'a write asserts that a subject without records has none, which always holds',
    file: 'fence/fence.ts',
    find: '  return { subject, sequence };\n',
    replace: '  return { subject: `${subject}.none`, sequence: 0 * sequence };\n',
  },
  {
    name: '10164-as-deposed',
    scenario: 'leading',
    bug: 'a leader whose write meets a check in flight believes that it was deposed',
    file: 'storage/log/decide-write.ts',
    find: "    case 'check-in-flight':\n      return { do: 'repeat', state };\n",
    replace:
      "    case 'check-in-flight':\n      return { do: 'finish', outcome: { kind: 'rejected', actual: undefined } };\n",
  },
  {
    name: 'campaign-without-compare-and-set',
    scenario: 'leading',
    bug: 'a candidate writes the lead record although another one was written since it read',
    file: 'fence/fence.ts',
    find: 'await writer.write(log, record, { subject: record.subject, sequence: after });',
    replace: 'await writer.write(log, after < 0 ? { ...record } : record);',
  },
  {
    name: 'stale-read-that-leads',
    scenario: 'leading',
    bug: 'a candidate that reads a lead record of its own leads with it',
    file: 'leadership/lead-keeper.ts',
    find: 'const taken = await this.#log.take(decision.after, decision.term);',
    replace:
      'const taken = newest !== undefined && this.#log.isOwn(newest) ? { log: this.#log.name, subject: this.#log.subject, sequence: newest.sequence } : await this.#log.take(decision.after, decision.term);',
  },
  {
    name: 'direct-get-for-ownership',
    scenario: 'leading',
    bug: 'a leader that reads a lead record from a replica that lags behind believes that the log was lost',
    file: 'leadership/lead-record.ts',
    find: 'const isShort = shortLooks >= shortLooksBelieved && nowMs - shortSinceMs >= shortBelievedMs;',
    replace: 'const isShort = shortLooks <= shortLooksBelieved || nowMs - shortSinceMs >= shortBelievedMs;',
  },
  {
    name: 'double-vote',
    scenario: 'leading',
    bug: 'a voter gives two votes in one term',
    file: 'leadership/election/voting.ts',
    find: 'mayVote && term === state.term && (state.votedFor === undefined || state.votedFor === from);',
    replace: 'mayVote && term === state.term;',
  },
  {
    name: 'won-after-a-newer-leader',
    scenario: 'leading',
    bug: 'a candidate leads with its record although it heard a leader with a newer one meanwhile',
    file: 'leadership/election/election.ts',
    find: '      if (event.fence > state.fence) lead(state, out, event, nowMs);\n',
    replace: "      if (state.role !== 'leader') lead(state, out, event, nowMs);\n",
  },
  {
    name: 'heartbeat-after-a-goodbye-believed',
    scenario: 'leading',
    bug: 'a late heartbeat of a leader that said goodbye is believed',
    file: 'leadership/election/election.ts',
    find: 'fence < state.fence || fence <= state.goneFence || isOlderTerm;',
    replace: 'fence < state.fence || isOlderTerm;',
  },
  {
    name: 'goodbye-of-a-newer-leader-ignored',
    scenario: 'leading',
    bug: 'the goodbye of a newer leader does not end an older leadership',
    file: 'leadership/election/roles.ts',
    find: "  if (state.role === 'leader') depose(state, out, 'newer-term', nowMs);\n  if (leader.term > state.term) state.votedFor = undefined;\n  state.role = 'follower';\n",
    replace:
      "  if (leader.term > state.term) state.votedFor = undefined;\n  if (state.role !== 'leader') state.role = 'follower';\n",
  },
  {
    name: 'receiver-ignores-fence',
    scenario: 'leading',
    bug: 'a receiver obeys orders of a leader that was replaced',
    file: 'leadership/fence-gate.ts',
    find: "return fence === lead.fence && node === lead.node ? 'obey' : 'refuse';",
    replace: "return fence === 0 && node === '' ? 'refuse' : 'obey';",
  },
  {
    name: 'order-with-a-forged-fence-obeyed',
    scenario: 'leading',
    bug: 'a receiver believes the fence that an order names',
    file: 'leadership/fence-gate.ts',
    find: "if (lead === undefined || fence > lead.fence) return 'read';",
    replace: "if (lead === undefined) return 'read';\n    if (fence > lead.fence) return 'obey';",
  },
  {
    name: 'answers-not-awaited',
    scenario: 'leading',
    bug: 'a leader is trusted although no quorum of voters has answered it',
    file: 'leadership/election/trust-window.ts',
    find: "electorate === 'candidates' ? nowMs : quorumAnsweredMs(voters, node, answers, nowMs);",
    replace:
      "electorate === 'candidates' ? nowMs : Math.max(nowMs, quorumAnsweredMs(voters, node, answers, nowMs));",
  },
];
