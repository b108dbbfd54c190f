# Seals and opens ESP packets by scapy: one JSON array of jobs on stdin, one of results in hex on stdout.
# A job: op ("seal", "open"), spi, key (hex, with the salt behind it), src, dst, udp, esn_en, high, seq, packet (hex).
import json
import sys

from scapy.layers.inet import IP, UDP
from scapy.layers.ipsec import ESP, SecurityAssociation


def association(job):
    return SecurityAssociation(
        ESP,
        spi=job["spi"],
        seq_num=job["seq"],
        crypt_algo="AES-GCM",
        crypt_key=bytes.fromhex(job["key"]),
        tunnel_header=IP(src=job["src"], dst=job["dst"]),
        nat_t_header=UDP(sport=4500, dport=4500, chksum=0) if job["udp"] else None,
        esn_en=job["esn_en"],
        esn=job["high"],
    )


def run(job):
    packet = IP(bytes.fromhex(job["packet"]))
    sa = association(job)
    result = sa.encrypt(packet) if job["op"] == "seal" else sa.decrypt(packet)
    return bytes(result).hex()


json.dump([run(job) for job in json.load(sys.stdin)], sys.stdout)
