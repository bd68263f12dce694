import { z } from 'zod';
import type { OperationGroup } from '../../../openapi/operation.ts';
import { instant, milliseconds } from './common.ts';
import { groupStatus, viewMember } from './service-operations.ts';

export const transferRequest: z.ZodType<{ readonly to?: string | undefined }> = z.strictObject({
  to: z.string().min(1).max(64).optional(),
});
export const settingRequest: z.ZodType<{ readonly value: string }> = z.strictObject({
  value: z.string().max(4_096),
});

const evidence = { evidence: z.string(), evidenceAgeMs: milliseconds.optional() };
const voters = z
  .looseObject({
    voters: z.array(z.looseObject({ node: z.string(), ...evidence })),
    quorum: z.int().min(1),
    alive: z.int().min(0),
  })
  .meta({ id: 'Voters' });

const changed = z
  .looseObject({ node: z.string(), state: z.string(), epoch: z.int() })
  .meta({ id: 'MemberChange' });

const viewErrors = {
  404: ['node-not-found'],
  409: ['node-ended'],
  503: ['no-leader'],
  504: ['view-unanswered'],
};
const voterErrors = {
  404: ['node-not-found', 'not-a-voter'],
  409: ['not-eligible', 'already-voter', 'too-many-voters', 'last-voter', 'no-quorum', 'conflict'],
  503: ['no-leader'],
  504: ['voters-unanswered'],
};

/** Members, voters, groups and settings. */
export const clusterOperations: OperationGroup = {
  name: 'cluster',
  description: 'Members, voters and leaders of the cluster, and settings that change while it runs.',
  operations: {
    'GET /api/v1/cluster/members': {
      summary: 'The members by the view, with what this gateway hears of them',
      answers: {
        200: {
          description: 'The members.',
          schema: z.looseObject({
            epoch: z.int().min(0),
            control: groupStatus,
            members: z.array(viewMember.extend(evidence)),
          }),
        },
      },
    },
    'POST /api/v1/cluster/members/{node}/drain': {
      summary: 'Moves the work of a node away; the node then leaves',
      answers: { 202: { description: 'The view says so.', schema: changed } },
      errors: viewErrors,
    },
    'POST /api/v1/cluster/members/{node}/leave': {
      summary: 'Makes a node leave',
      answers: { 202: { description: 'The view says so.', schema: changed } },
      errors: viewErrors,
    },
    'GET /api/v1/cluster/voters': {
      summary: 'The voters of the control group',
      answers: { 200: { description: 'The voters.', schema: voters } },
      errors: { 503: ['no-leader'], 504: ['voters-unanswered'] },
    },
    'PUT /api/v1/cluster/voters/{node}': {
      summary: 'Adds a voter',
      answers: { 200: { description: 'The voters after it.', schema: voters } },
      errors: voterErrors,
    },
    'DELETE /api/v1/cluster/voters/{node}': {
      summary: 'Removes a voter',
      answers: { 200: { description: 'The voters after it.', schema: voters } },
      errors: voterErrors,
    },
    'GET /api/v1/cluster/groups': {
      summary: 'The groups and their leaders',
      answers: { 200: { description: 'The groups.', schema: z.object({ groups: z.array(groupStatus) }) } },
    },
    'POST /api/v1/cluster/groups/{group}/transfer': {
      summary: 'Hands a leadership over',
      body: { schema: transferRequest },
      answers: {
        200: {
          description: 'The other node leads.',
          schema: z.looseObject({ group: z.string(), leader: z.string(), from: z.string().optional() }),
        },
      },
      errors: {
        404: ['group-not-found'],
        409: ['no-candidate', 'not-a-candidate', 'not-taken'],
        503: ['no-leader'],
        504: ['transfer-unanswered'],
      },
    },
    'GET /api/v1/settings': {
      summary: 'Settings that were changed while the cluster runs, and those that can be',
      answers: {
        200: {
          description: 'The settings.',
          schema: z.object({
            settings: z.array(
              z.looseObject({ key: z.string(), value: z.string(), revision: z.int(), changedAt: instant }),
            ),
            keys: z.array(z.string()),
          }),
        },
      },
    },
    'PUT /api/v1/settings/{key}': {
      summary: 'Changes a setting everywhere',
      body: { schema: settingRequest },
      answers: {
        200: {
          description: 'The setting.',
          schema: z.object({ key: z.string(), value: z.string(), revision: z.int() }),
        },
      },
      errors: { 404: ['setting-not-found'] },
    },
    'DELETE /api/v1/settings/{key}': {
      summary: 'Gives a setting its value of the start back',
      answers: { 204: { description: 'Done.' } },
      errors: { 404: ['setting-not-found'] },
    },
  },
};
