import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isRunning, type ProcessIdentity } from '../process/process-identity.ts';

/**
 * Tells processes on this machine how to join the cluster of a data folder. Only the owner can read the file, because
 * the signing seed in it makes users of the running NATS. Written as soon as the NATS of `drover up` runs, and removed
 * when `drover up` stops.
 */
export interface ClusterFile {
  readonly version: 1;
  readonly cell: string;
  /** The `drover up` that runs the cluster. */
  readonly up: ProcessIdentity;
  readonly natsUrl: string;
  readonly natsVersion: string;
  /** Absent for a NATS that `drover up` did not start. */
  readonly issuer?: { readonly accountPublicKey: string; readonly signingSeed: string } | undefined;
  /** Credentials file for a NATS that `drover up` did not start. */
  readonly credsPath?: string | undefined;
  readonly gatewayUrl: string;
  /** Certificate and key of the gateway, which also let the commands of this machine in. Absent for plain HTTP. */
  readonly gatewayTls?: { readonly certFile: string; readonly keyFile: string } | undefined;
  /** Listen address of the gateway, as it was stated. */
  readonly listenHost?: string | undefined;
  /** Issuer of tokens that the gateway takes. Absent: none. */
  readonly tokenIssuer?: string | undefined;
  readonly durability: string;
}

const schema: z.ZodType<ClusterFile> = z.object({
  version: z.literal(1),
  cell: z.string(),
  up: z.object({ pid: z.number(), startTime: z.string() }),
  natsUrl: z.string(),
  natsVersion: z.string(),
  issuer: z.object({ accountPublicKey: z.string(), signingSeed: z.string() }).optional(),
  credsPath: z.string().optional(),
  gatewayUrl: z.string(),
  gatewayTls: z.object({ certFile: z.string(), keyFile: z.string() }).optional(),
  listenHost: z.string().optional(),
  tokenIssuer: z.string().optional(),
  durability: z.string(),
});

export function writeClusterFile(dataDir: string, content: ClusterFile): void {
  const path = pathIn(dataDir);
  writeFileSync(`${path}.new`, JSON.stringify(content), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function removeClusterFile(dataDir: string): void {
  rmSync(pathIn(dataDir), { force: true });
}

/** The running cluster of a data folder; undefined if none runs, even if a killed `drover up` left its file. */
export function readClusterFile(dataDir: string): ClusterFile | undefined {
  try {
    const content = schema.parse(JSON.parse(readFileSync(pathIn(dataDir), 'utf8')));
    return isRunning(content.up) ? content : undefined;
  } catch {
    return undefined;
  }
}

function pathIn(dataDir: string): string {
  return join(dataDir, 'cluster.json');
}
