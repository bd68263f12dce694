import { assert, nat, pre, property, string } from 'fast-check';
import { expect, it } from 'vitest';
import { auditSigner, auditVerifyingKey, newAuditKey } from './audit-key.ts';
import { emptyChain, sealBatch } from './seal-batch.ts';
import { AuditVerifier, type VerifyOptions } from './verify-audit.ts';

const signer = auditSigner(newAuditKey());
const keys = [auditVerifyingKey(signer.publicKey)];
const limits = { maxBytes: 100_000, maxRecords: 100 };
const time = '2026-12-01T12:00:00.000Z';

/** The lines of a chain of that many batches, each with a checkpoint at its end, and the last of these. */
function chainOf(batches: number, chain = 'gateway-1', by = signer): { lines: string[]; head: string } {
  const lines: string[] = [];
  let end = emptyChain;
  let head = '';
  for (let batch = 0; batch < batches; batch++) {
    const events = ['a"b\\', 'é€', 'x'].map((target, index) => ({
      event: { kind: 'act', request: `r${batch}-${index}`, key: '0123', status: 200, target } as const,
      time,
    }));
    const sealed = sealBatch(chain, end, events, limits, { signer: by, signedAt: time });
    ({ end } = sealed);
    head = sealed.checkpoint ?? '';
    lines.push(...sealed.text.trimEnd().split('\n'));
  }
  return { lines, head };
}

function verify(lines: readonly string[], options: Partial<VerifyOptions> = {}) {
  const verifier = new AuditVerifier({ keys, ...options });
  for (const line of lines) verifier.add(line);
  return verifier.end({ isWhole: true });
}

const { lines, head } = chainOf(3);
const kinds = (report: ReturnType<typeof verify>) => report.faults.map(({ kind }) => kind);

it('accepts a chain as it was written, and several chains side by side', () => {
  const other = chainOf(2, 'gateway-2');
  const report = verify([...other.lines.slice(0, 4), ...lines, ...other.lines.slice(4)], {
    heads: [head, other.head],
  });
  expect(report).toMatchObject({ ok: true, records: 20, faultCount: 0 });
  expect(report.chains).toMatchObject([
    { chain: 'gateway-2', first: 0, last: 7, unsigned: 0, signedBy: [signer.fingerprint] },
    { chain: 'gateway-1', first: 0, last: 11, unsigned: 0 },
  ]);
});

it('finds every single byte that is changed, and names the record', () => {
  const { lines: whole } = chainOf(1);
  const bytes = whole.map((line) => Buffer.from(line));
  for (const [index, line] of bytes.entries()) {
    for (let at = 0; at < line.length; at++) {
      const changed = Buffer.from(line);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const report = verify(whole.with(index, changed.toString('utf8')));
      if (report.ok)
        expect.fail(`byte ${at} of line ${index + 1} was changed unnoticed: ${changed.toString('utf8')}`);
      expect(report.faults.some((fault) => [index + 1, index + 2, 0].includes(fault.line))).toBe(true);
    }
  }
});

it('finds any bytes that are put, cut or replaced anywhere', () => {
  const whole = `${lines.join('\n')}\n`;
  assert(
    property(nat(whole.length - 1), nat(20), string({ maxLength: 20, unit: 'binary' }), (at, cut, put) => {
      const changed = whole.slice(0, at) + put + whole.slice(at + cut);
      const kept = changed.split('\n').filter((line) => line !== '');
      const isSame = kept.length === lines.length && kept.every((line, index) => line === lines[index]);
      pre(!isSame);
      expect(verify(kept, { heads: [head] }).ok).toBe(false);
    }),
    { numRuns: 300 },
  );
});

it('finds each record that is gone, moved or repeated', () => {
  for (let n = 0; n < lines.length - 1; n++) {
    expect(kinds(verify(lines.toSpliced(n, 1), { heads: [head], keptSinceMs: 0 }))).toContain('missing');
    const swapped = lines.with(n, lines[n + 1] ?? '').with(n + 1, lines[n] ?? '');
    expect(kinds(verify(swapped))).toContain('out-of-order');
    expect(kinds(verify(lines.toSpliced(n, 0, lines[n] ?? '')))).toContain('out-of-order');
  }
});

it('finds a tail that is gone behind the newest checkpoint, down to nothing', () => {
  for (let left = 0; left < lines.length; left++) {
    const report = verify(lines.slice(0, left), { heads: [head] });
    expect(kinds(report)).toContain('truncated');
  }
});

it('lets the retention remove the oldest records, and nothing that is too young for it', () => {
  const cut = lines.slice(5);
  expect(verify(cut, { heads: [head] })).toMatchObject({ ok: true, chains: [{ first: 5 }] });
  expect(verify(cut, { heads: [head], keptSinceMs: Date.parse(time) + 1 })).toMatchObject({ ok: true });
  expect(kinds(verify(cut, { heads: [head], keptSinceMs: Date.parse(time) }))).toEqual(['missing']);
  expect(verify([], { heads: [head], keptSinceMs: Date.parse(time) + 1 })).toMatchObject({ ok: true });
});

it('finds a chain that was written anew, with another key or with none', () => {
  const forged = chainOf(3, 'gateway-1', auditSigner(newAuditKey()));
  expect(kinds(verify(forged.lines))).toEqual(['unknown-key', 'unsigned']);
  const claimed = forged.lines.map((line) => line.replace(/"by":"\w+"/, `"by":"${signer.fingerprint}"`));
  expect(verify(claimed).ok).toBe(false);
  // All hashes fit, but nobody has signed.
  const event = { event: { kind: 'act', status: 200 } as const, time };
  const unsigned = sealBatch('gateway-1', emptyChain, [event, event], limits, {
    signer,
    signedAt: undefined,
  });
  expect(kinds(verify(unsigned.text.trimEnd().split('\n')))).toEqual(['unsigned']);
});

it('finds an end that was written anew behind the last checkpoint that was left', () => {
  const [, , , checkpoint = ''] = lines;
  const kept = lines.slice(0, 4);
  const end = { n: 3, hash: checkpoint.slice(-66, -2), began: time };
  const event = { event: { kind: 'act', status: 200 } as const, time };
  const anew = sealBatch(
    'gateway-1',
    end,
    Array.from({ length: 9 }, () => event),
    limits,
    {
      signer,
      signedAt: undefined,
    },
  );
  const report = verify([...kept, ...anew.text.trimEnd().split('\n')], { heads: [head] });
  expect(report.faults).toMatchObject([{ kind: 'changed', n: 11 }]);
});
