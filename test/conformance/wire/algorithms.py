"""ESP algorithms that scapy's IPsec layer lacks, in its terms: GCM with short ICVs, GMAC, and HMAC under ESN."""

import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from scapy.layers.ipsec import CRYPT_ALGOS, AuthAlgo, CryptAlgo, IPSecIntegrityError, _ESPPlain
from scapy.layers.ipsec import ESP
from scapy.packet import raw

GCM = CRYPT_ALGOS["AES-GCM"]


def associated(spi, seq, esn_en, esn):
    """What an AEAD authenticates of the header (RFC 4106 section 5)."""
    return struct.pack("!LLL", spi, esn, seq) if esn_en else struct.pack("!LL", spi, seq)


def plain(esp, iv, data, icv):
    """A packet taken apart at its trailer."""
    padlen, nh = data[-2], data[-1]
    end = len(data) - padlen - 2
    return _ESPPlain(
        spi=esp.spi, seq=esp.seq, iv=iv, data=data[:end], padding=data[end:-2], padlen=padlen, nh=nh, icv=icv
    )


class Aead(CryptAlgo):
    """An algorithm on AES-GCM; scapy takes its sizes, and calls what is below."""

    def __init__(self, name):
        super().__init__(
            name, cipher=GCM.cipher, mode=None, key_size=(16, 24, 32), salt_size=4, block_size=1, iv_size=8, icv_size=16
        )

    def gcm(self, sa, key, iv, icv=None):
        nonce = sa.crypt_salt + iv
        mode = modes.GCM(nonce) if icv is None else modes.GCM(nonce, icv, min_tag_length=len(icv))
        return Cipher(algorithms.AES(key), mode)

    def take_apart(self, esp, icv_size):
        end = len(esp.data) - icv_size
        return esp.data[: self.iv_size], esp.data[self.iv_size : end], esp.data[end:]

    def finish(self, decryptor, data):
        try:
            return decryptor.update(data) + decryptor.finalize()
        except Exception as error:  # InvalidTag says nothing more
            raise IPSecIntegrityError(error) from error


class ShortGcm(Aead):
    """AES-GCM whose ICV has 8, 12 or 16 octets (RFC 4106 section 6)."""

    def encrypt(self, sa, esp, key, icv_size=None, esn_en=False, esn=0):
        encryptor = self.gcm(sa, key, esp.iv).encryptor()
        encryptor.authenticate_additional_data(associated(esp.spi, esp.seq, esn_en, esn))
        data = encryptor.update(esp.data_for_encryption()) + encryptor.finalize()
        return ESP(spi=esp.spi, seq=esp.seq, data=esp.iv + data + encryptor.tag[:icv_size])

    def decrypt(self, sa, esp, key, icv_size=None, esn_en=False, esn=0):
        iv, data, icv = self.take_apart(esp, icv_size)
        decryptor = self.gcm(sa, key, iv, icv).decryptor()
        decryptor.authenticate_additional_data(associated(esp.spi, esp.seq, esn_en, esn))
        return plain(esp, iv, self.finish(decryptor, data), icv)


class Gmac(Aead):
    """AES-GMAC: everything in clear, and authenticated (RFC 4543 section 3)."""

    def encrypt(self, sa, esp, key, icv_size=None, esn_en=False, esn=0):
        data = esp.data_for_encryption()
        encryptor = self.gcm(sa, key, esp.iv).encryptor()
        encryptor.authenticate_additional_data(associated(esp.spi, esp.seq, esn_en, esn) + esp.iv + data)
        encryptor.finalize()
        return ESP(spi=esp.spi, seq=esp.seq, data=esp.iv + data + encryptor.tag)

    def decrypt(self, sa, esp, key, icv_size=None, esn_en=False, esn=0):
        iv, data, icv = self.take_apart(esp, icv_size)
        decryptor = self.gcm(sa, key, iv, icv).decryptor()
        decryptor.authenticate_additional_data(associated(esp.spi, esp.seq, esn_en, esn) + iv + data)
        self.finish(decryptor, b"")
        return plain(esp, iv, data, icv)


class EsnAuth(AuthAlgo):
    """HMAC over the packet with the number's high half behind it (RFC 4303 section 2.2.1)."""

    def __init__(self, base, high):
        super().__init__(base.name, base.mac, base.digestmod, base.icv_size, base.key_size)
        self.high = high

    def icv(self, octets, key):
        mac = self.new_mac(key)
        mac.update(octets + struct.pack("!L", self.high))
        return mac.finalize()[: self.icv_size]

    def sign(self, pkt, key, esn_en=False, esn=0):
        pkt.data += self.icv(raw(pkt), key)
        return pkt

    def verify(self, pkt, key, esn_en=False, esn=0):
        octets = raw(pkt)
        if octets[-self.icv_size :] != self.icv(octets[: -self.icv_size], key):
            raise IPSecIntegrityError("the ICV is wrong")


CRYPT_ALGOS["AES-GCM, any ICV"] = ShortGcm("AES-GCM, any ICV")
CRYPT_ALGOS["AES-GMAC"] = Gmac("AES-GMAC")
