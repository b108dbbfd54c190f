// Address arithmetic without schemas: what a worker thread loads.
export * from './ip.js';
export * from './ip4.js';
export * from './ip4-range.js';
export * from './ip6.js';
export * from './ip6-range.js';
export * from './ip6-subnet.js';
export * from './member-tag.js';
export * from './prefix-map.js';
