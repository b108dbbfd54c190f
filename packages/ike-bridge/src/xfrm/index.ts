export { REDIRECT_MESSAGE_MAX, REDIRECT_MSG_BIND, XFRM_POLICY_IN, XFRM_POLICY_OUT } from './constants.js';
export { nameOf, type SaEntry, totals } from './sa-entry.js';
export type { Repairs } from './sad-sync.js';
export { trafficSelectorOf } from './selector.js';
export { XfrmServer, type XfrmServerOptions } from './server.js';
export { type SaFigures, type SaSink, SinkUnavailable, type XfrmLog } from './sink.js';
export type { Policy } from './spd.js';
export { Xfrm, type XfrmOptions } from './xfrm.js';
