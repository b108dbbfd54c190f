{
  'targets': [
    {
      'target_name': 'sluice_native',
      'sources': [
        'native/esp-crypto.c',
        'native/esp-ipsec-mb.c',
        'native/esp-openssl.c',
        'native/esp-self-test.c',
        'native/af-packet.c',
        'native/af-packet-io.c',
        'native/af-xdp.c',
        'native/af-xdp-io.c',
        'native/af-xdp-program.c',
        'native/args.c',
        'native/device.c',
        'native/errors.c',
        'native/handle-table.c',
        'native/host-guard.c',
        'native/module.c',
        'native/offloads.c',
        'native/poller.c',
        'native/pool.c',
        'native/tap.c',
        'native/thread.c',
        'native/waiter.c',
      ],
      'defines': ['_GNU_SOURCE', 'NAPI_VERSION=8'],
      'cflags': ['-O3', '-Wall', '-Wextra', '-Werror', '-fvisibility=hidden'],
      # AES-GCM of OpenSSL comes from Node itself, so libcrypto is not linked: one process, one OpenSSL.
      'libraries': ['-lbpf', '-lIPSec_MB'],
    },
  ],
}
