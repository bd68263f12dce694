/** A fleet and instances that a test plays, for tests of code that uses `FleetClient`. */
export { evidence, type EvidenceFacts, instanceLoad, modelLoad } from './testing/evidence.ts';
export { type ScriptedCall, scriptedFleet, type ScriptedFleet } from './testing/scripted-fleet.ts';
