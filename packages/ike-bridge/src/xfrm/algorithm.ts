// The one algorithm that the data plane does, as XFRM names it: AES-GCM in ESP (RFC 4106).
export const AEAD_NAME = 'rfc4106(gcm(aes))';
export const ICV_BITS = 128;
const SALT_BITS = 32;
/** Lengths of key and salt together. */
export const KEY_BITS = [128 + SALT_BITS, 256 + SALT_BITS];
