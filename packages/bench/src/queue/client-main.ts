import { pathToFileURL } from 'node:url';
import { durabilities, type DurabilityName } from '../durability.ts';
import { fill, put, takeAndAck } from './drive.ts';
import type { QueueArm } from './queue-arm.ts';

/** Usage: client-main ARM_MODULE URLS DURABILITY DEPTH OPERATIONS. Writes the outcomes as one line of JSON. */
const [file = '', urls = '', durability = '', depth = '', operations = ''] = process.argv.slice(2);
const inFlight = 64;
const takers = 16;

const { default: arm } = (await import(pathToFileURL(file).href)) as { default: QueueArm };
const client = await arm.connect(urls, durabilities[durability as DurabilityName]);
const filled = await fill(client, Number(depth), inFlight);
const putAtDepth = await put(client, Number(operations), inFlight);
const { take, ack } = await takeAndAck(client, Number(operations), takers);
await client.close();
const outcomes = { fill: filled, put: putAtDepth, take, ack };
process.stdout.write(`${JSON.stringify(outcomes)}\n`, () => process.exit(0));
