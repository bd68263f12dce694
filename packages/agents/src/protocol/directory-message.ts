import { z } from 'zod';
import { type DirectoryRequest, directoryRequestSchema } from './directory-request.ts';
import { type HostReport, hostReportSchema } from './host-report.ts';

/** Path of the directory actor on every host. On every host except the leader it answers requests with `not-leader`. */
export const directoryPath: string = 'agents-registry';

export type DirectoryMessage = DirectoryRequest | HostReport;

export const directoryMessageSchema: z.ZodType<DirectoryMessage> = z.discriminatedUnion('kind', [
  directoryRequestSchema,
  hostReportSchema,
]);
