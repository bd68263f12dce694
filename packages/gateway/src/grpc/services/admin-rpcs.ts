import { jsonBody, pathOf } from '../read-fields.ts';
import { type RpcTable, unary, type WholeAnswer } from '../rpc.ts';

interface NodeProto {
  readonly node: string;
}

const cluster = (...parts: string[]) => pathOf(['api', 'v1', 'cluster', ...parts]);
const setting = (key: string) => pathOf(['api', 'v1', 'settings', key]);
const parsed = ({ text }: WholeAnswer) => JSON.parse(text) as object;
const voters = (answer: WholeAnswer) => ({ voters: parsed(answer) });

/** `drover.v1.AdminService`, by the routes of the cluster. Fields have the same names in the protos and in JSON. */
export const adminRpcs: RpcTable = {
  DrainNode: unary<NodeProto>(
    ({ node }) => ({ method: 'POST', path: cluster('members', node, 'drain') }),
    parsed,
  ),
  LeaveNode: unary<NodeProto>(
    ({ node }) => ({ method: 'POST', path: cluster('members', node, 'leave') }),
    parsed,
  ),
  ListVoters: unary<object>(() => ({ method: 'GET', path: cluster('voters') }), voters),
  AddVoter: unary<NodeProto>(({ node }) => ({ method: 'PUT', path: cluster('voters', node) }), voters),
  RemoveVoter: unary<NodeProto>(({ node }) => ({ method: 'DELETE', path: cluster('voters', node) }), voters),
  TransferLeadership: unary<{ readonly group: string; readonly to: string }>(
    ({ group, to }) => ({
      method: 'POST',
      path: cluster('groups', group, 'transfer'),
      body: jsonBody({ to }),
    }),
    parsed,
  ),
  ListSettings: unary<object>(() => ({ method: 'GET', path: '/api/v1/settings' }), parsed),
  SetSetting: unary<{ readonly key: string; readonly value: string }>(
    ({ key, value }) => ({ method: 'PUT', path: setting(key), body: JSON.stringify({ value }) }),
    parsed,
  ),
  UnsetSetting: unary<{ readonly key: string }>(
    ({ key }) => ({ method: 'DELETE', path: setting(key) }),
    () => ({}),
  ),
};
