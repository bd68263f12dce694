import { pathToFileURL } from 'node:url';
import type { RemoteArm } from './remote-arm.ts';

/**
 * Usage: `node responder-main.js ARM_MODULE NATS_URL PAIR`
 *
 * Answers until SIGTERM or the end of its stdin.
 */
const [file, natsUrl, pair] = process.argv.slice(2) as [string, string, string];
const { default: arm } = (await import(pathToFileURL(file).href)) as { default: RemoteArm };
const responder = await arm.respond({ natsUrl, pair });
const end = (): void => {
  void responder.close().finally(() => process.exit(0));
};
process.once('SIGTERM', end);
process.stdin.resume().once('end', end);
process.stdout.write(`${JSON.stringify({ event: 'ready', pid: process.pid })}\n`);
