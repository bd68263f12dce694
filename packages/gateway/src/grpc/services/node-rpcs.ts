import { pathOf } from '../read-fields.ts';
import { type RpcTable, unary } from '../rpc.ts';

/** Fields of the answers of the routes, as far as they are used here. */
interface StatusJson {
  readonly nodes: readonly object[];
  readonly groups?: readonly object[];
  readonly view?: { readonly epoch: number };
  readonly durability?: string;
}

interface DecisionsJson {
  readonly requestId: string;
  readonly model: string;
  readonly chosen: { readonly node: string; readonly instance: string } | null;
  readonly outcome: string;
}

/** `drover.v1.NodeService`, by the routes of the cluster. Fields have the same names in the protos and in JSON. */
export const nodeRpcs: RpcTable = {
  ListNodes: unary<object>(
    () => ({ method: 'GET', path: '/api/v1/status' }),
    ({ text }) => {
      const { nodes, groups = [], view, durability } = JSON.parse(text) as StatusJson;
      return { nodes, groups, viewEpoch: view?.epoch, durability };
    },
  ),
  ListMembers: unary<object>(
    () => ({ method: 'GET', path: '/api/v1/cluster/members' }),
    ({ text }) => JSON.parse(text) as object,
  ),
  ExplainRequest: unary<{ readonly requestId: string }>(
    ({ requestId }) => ({ method: 'GET', path: pathOf(['api', 'v1', 'why', requestId]) }),
    ({ text }) => {
      const { requestId, model, chosen, outcome } = JSON.parse(text) as DecisionsJson;
      return {
        requestId,
        model,
        chosenNode: chosen?.node,
        chosenInstance: chosen?.instance,
        outcome,
        decisionsJson: text,
      };
    },
  ),
};
