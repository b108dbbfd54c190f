// How a message came.
export interface Arrival {
  vrf: string;
  /** The interface, when it came in a frame of its link; null when it was routed to one of the box's addresses. */
  interface: string | null;
  /** Who sent the frame; null when it was routed. */
  sourceMac: string | null;
  /** The bridge's member that it came by, as the data plane said; empty where it said nothing. */
  member: string;
  source: number;
  /** The address of ours that it was sent to; 0 for a broadcast. */
  destination: number;
}
