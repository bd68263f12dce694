import type { GatewayArm } from '../../src/gateway/gateway-arm.ts';
import { threeHopArm } from './three-hop-arm.ts';

const threeHop: GatewayArm = threeHopArm('three-hop', 0);

export default threeHop;
