// What the scenarios of AF_PACKET ask of a socket.
import assert from 'node:assert/strict';
import { PACKET_STATISTICS, packetStatistics } from '../../../src/native/index.js';

/** One of the figures of a socket of packetOpen. */
export function statistic(socket: number, name: keyof typeof PACKET_STATISTICS): number {
  const all = new Float64Array(Object.keys(PACKET_STATISTICS).length);
  assert.equal(packetStatistics(socket, all), 0);
  return all[PACKET_STATISTICS[name]]!;
}
