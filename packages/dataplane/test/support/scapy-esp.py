# Seals and opens ESP packets by scapy: one JSON array of jobs on stdin, one of results in hex on stdout.
# A job: op ("seal", "open"), spi, crypt, crypt_key (hex, with the salt behind it), icv, auth, auth_key, src, dst,
# tunnel, udp, esn_en, high, seq, packet (hex). Without tunnel it is transport mode.
import json
import sys

from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.ipsec import ESP, SecurityAssociation


def ip_class(address):
    return IPv6 if ":" in address else IP


def association(job):
    return SecurityAssociation(
        ESP,
        spi=job["spi"],
        seq_num=job["seq"],
        crypt_algo=job["crypt"],
        crypt_key=bytes.fromhex(job["crypt_key"]) or None,
        crypt_icv_size=job["icv"] or None,
        auth_algo=job["auth"],
        auth_key=bytes.fromhex(job["auth_key"]) or None,
        tunnel_header=ip_class(job["src"])(src=job["src"], dst=job["dst"]) if job["tunnel"] else None,
        nat_t_header=UDP(sport=4500, dport=4500, chksum=0) if job["udp"] else None,
        esn_en=job["esn_en"],
        esn=job["high"],
    )


def run(job):
    octets = bytes.fromhex(job["packet"])
    packet = (IPv6 if octets[0] >> 4 == 6 else IP)(octets)
    sa = association(job)
    result = sa.encrypt(packet) if job["op"] == "seal" else sa.decrypt(packet)
    return bytes(result).hex()


json.dump([run(job) for job in json.load(sys.stdin)], sys.stdout)
