import { createReadStream, readFileSync } from 'node:fs';
import { once } from 'node:events';
import {
  type AuditReport,
  AuditVerifier,
  type AuditVerifyingKey,
  auditVerifyingKey,
} from '@drover/gateway/audit';
import { Command, Option } from 'commander';
import { auditDirOf, readHeads } from '../audit/audit-files.ts';
import { badConfiguration, type ExitCode, exitCodes } from '../errors.ts';
import { exportAudit } from '../gateway-client/audit-api.ts';
import { dataDirOf } from '../gateway-client/gateway-address.ts';
import { auditKeysIn, linesOf, verifyClusterAudit } from '../gateway-client/verify-cluster-audit.ts';
import { auditLines } from '../output/audit-text.ts';
import { settingsFor } from './options.ts';
import { looking, lookTarget, print } from './look-target.ts';

type Finish = (code: ExitCode) => void;

interface VerifyFlags {
  readonly publicKey?: readonly string[];
}

export function auditCommand(finish: Finish): Command {
  const command = new Command('audit')
    .description('verify and export the records of who did what')
    .addHelpText(
      'after',
      `
Every gateway writes a chain of records: refused requests, changes of keys and of the cluster, requests to models and
data. Its checkpoints are signed with a key that is kept outside the store, in the folder audit of its data folder.

Examples:
  drover audit verify
  drover audit export > audit.ndjson
  drover audit verify audit.ndjson --public-key gateway-1.pub`,
    );
  for (const make of [verifyCommand, exportCommand]) command.addCommand(make(finish));
  return command;
}

function verifyCommand(finish: Finish): Command {
  return looking(
    new Command('verify').description('find records that were changed, removed, moved or written anew'),
  )
    .argument('[file]', 'an export; without it, the records of the running cluster')
    .addOption(
      new Option(
        '--public-key <file>',
        'a key that may have signed, PEM; several times (default: those of the data folder)',
      ).argParser(oneMore),
    )
    .addHelpText(
      'after',
      `
Compares the end of each chain with the newest checkpoint in the data folder, and with the one of the gateway that
answers. An export ends where the chains ended when it was made: the report says at which record. Exits with 1 when something is wrong. A chain that is signed by a key that is not known counts as wrong: copy
GATEWAY.pub from the data folder of that gateway's machine, and name it with --public-key.

Examples:
  drover audit verify --data /srv/drover
  drover audit verify audit.ndjson --public-key gateway-1.pub`,
    )
    .action(async (file: string | undefined, flags: VerifyFlags) => {
      const stated = await settingsFor('look', flags);
      const dir = auditDirOf(dataDirOf(stated, process.env));
      const named = (flags.publicKey ?? []).map(readKey);
      const report =
        file === undefined
          ? await verifyClusterAudit((await lookTarget(flags)).gateway, dir, named)
          : await verifyFile(file, dir, named);
      print(stated.isOn('json'), report, () => auditLines(report));
      finish(report.ok ? exitCodes.done : exitCodes.no);
    });
}

function exportCommand(finish: Finish): Command {
  return looking(
    new Command('export').description('write all records to stdout as they are stored, one a line (NDJSON)'),
  )
    .addOption(new Option('--chain <gateway>', 'only the chain of this gateway'))
    .addHelpText('after', '\nExample:\n  drover audit export > audit.ndjson')
    .action(async (flags: { readonly chain?: string }) => {
      const { gateway } = await lookTarget(flags);
      for await (const text of exportAudit(gateway, flags.chain))
        if (!process.stdout.write(text)) await once(process.stdout, 'drain');
      finish(exitCodes.done);
    });
}

async function verifyFile(
  file: string,
  dir: string,
  named: readonly AuditVerifyingKey[],
): Promise<AuditReport> {
  const verifier = new AuditVerifier({ keys: [...auditKeysIn(dir), ...named], heads: readHeads(dir) });
  const text = createReadStream(file, { encoding: 'utf8', highWaterMark: 1024 * 1024 });
  try {
    for await (const line of linesOf(text as AsyncIterable<string>)) verifier.add(line);
  } catch (error) {
    throw unreadable(file, error);
  }
  return verifier.end({ mayEndEarly: true });
}

function readKey(path: string): AuditVerifyingKey {
  try {
    return auditVerifyingKey(readFileSync(path, 'utf8'));
  } catch (error) {
    throw unreadable(path, error);
  }
}

function oneMore(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

function unreadable(path: string, error: unknown): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  return badConfiguration(path, code === undefined ? message : `cannot be read (${code})`);
}
