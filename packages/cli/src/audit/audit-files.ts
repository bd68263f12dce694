import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AuditHead, type AuditSigner, auditSigner, newAuditKey } from '@drover/gateway/audit';
import { badConfiguration } from '../errors.ts';

const ending = { key: '.key', publicKey: '.pub', head: '.head' } as const;

/** What a gateway keeps outside the store, so that a chain that was written anew is found. */
export interface AuditFiles {
  readonly signer: AuditSigner;
  readonly head: AuditHead;
}

/** Folder of the audit keys and heads in a data folder. */
export function auditDirOf(dataDir: string): string {
  return join(dataDir, 'audit');
}

/**
 * The key of a gateway (`GATEWAY.key`, mode 0600, made where there is none), its public key for others
 * (`GATEWAY.pub`), and its newest checkpoint (`GATEWAY.head`).
 *
 * @throws CommandError `bad-configuration` for files that cannot be read or written
 */
export function openAuditFiles(
  dir: string,
  gateway: string,
  onHeadLost: (error: unknown) => void,
): AuditFiles {
  const path = (what: keyof typeof ending): string => join(dir, `${gateway}${ending[what]}`);
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    let pem = readIfThere(path('key'));
    if (pem === undefined) {
      pem = newAuditKey();
      writePrivate(path('key'), pem);
    }
    const signer = auditSigner(pem);
    writePrivate(path('publicKey'), signer.publicKey);
    return { signer, head: headFile(path('head'), onHeadLost) };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw badConfiguration(dir, `cannot keep the audit key of ${gateway}: ${detail}`);
  }
}

/** The public keys in a folder, PEM. Empty where there is none. */
export function readPublicKeys(dir: string): readonly string[] {
  return filesOf(dir, ending.publicKey);
}

/** The newest checkpoints in a folder: lines. */
export function readHeads(dir: string): readonly string[] {
  return filesOf(dir, ending.head).map((text) => text.trim());
}

function filesOf(dir: string, suffix: string): readonly string[] {
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch {
    return [];
  }
  return names.filter((name) => name.endsWith(suffix)).flatMap((name) => readIfThere(join(dir, name)) ?? []);
}

function headFile(path: string, onLost: (error: unknown) => void): AuditHead {
  return {
    read: () => readIfThere(path)?.trim(),
    write: (line) => {
      try {
        writePrivate(path, `${line}\n`);
      } catch (error) {
        onLost(error);
      }
    },
  };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Replaces a file as a whole. Readable by the owner alone. */
function writePrivate(path: string, text: string): void {
  const draft = `${path}.${process.pid}.new`;
  try {
    writeFileSync(draft, text, { mode: 0o600 });
    // The mode of `writeFileSync` counts only for a file that it makes.
    chmodSync(draft, 0o600);
    renameSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
}
