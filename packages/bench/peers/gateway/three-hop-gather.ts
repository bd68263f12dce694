import type { GatewayArm } from '../../src/gateway/gateway-arm.ts';
import { threeHopArm } from './three-hop-arm.ts';

const threeHopGather: GatewayArm = threeHopArm('three-hop-gather', 2);

export default threeHopGather;
