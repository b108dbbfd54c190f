// Every ESP transform that IKE can agree on, with keys of a pattern: for tests that go through them all.
import {
  ESP_CIPHERS,
  ESP_INTEGRITIES,
  type EspCipher,
  type EspIntegrity,
} from '../../src/tables/esp-algorithms.js';
import type { EspSa } from './esp.js';
import { pattern } from './packets.js';

export interface EspVariant {
  name: string;
  /** The SA of an SPI; its keys depend on that. */
  sa(spi: number, esn?: boolean): EspSa;
}

function variant(cipher: EspCipher, keyBytes: number, integrity: EspIntegrity, icvBytes: number): EspVariant {
  const { saltBytes } = ESP_CIPHERS[cipher];
  return {
    name: `${cipher}${keyBytes === 0 ? '' : `-${keyBytes * 8}`} ${integrity === 'none' ? '' : integrity}/${icvBytes}`,
    sa: (spi, esn = false) => ({
      spi,
      cipher,
      key: pattern(keyBytes, spi),
      salt: pattern(saltBytes, spi + 100),
      integrity,
      integrityKey: pattern(ESP_INTEGRITIES[integrity].keyBytes, spi + 50),
      icvBytes,
      esn,
    }),
  };
}

const integrities = (Object.keys(ESP_INTEGRITIES) as EspIntegrity[]).filter((name) => name !== 'none');

/** Each cipher with each length of key and of ICV; those without an ICV of their own with each integrity algorithm. */
export const ESP_VARIANTS: readonly EspVariant[] = (Object.keys(ESP_CIPHERS) as EspCipher[]).flatMap(
  (cipher) =>
    ESP_CIPHERS[cipher].keyBytes.flatMap((keyBytes) =>
      ESP_CIPHERS[cipher].icvBytes.length > 0
        ? ESP_CIPHERS[cipher].icvBytes.map((icvBytes) => variant(cipher, keyBytes, 'none', icvBytes))
        : integrities.map((integrity) =>
            variant(cipher, keyBytes, integrity, ESP_INTEGRITIES[integrity].icvBytes[0]!),
          ),
    ),
);
