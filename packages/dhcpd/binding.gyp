{
  'targets': [
    {
      'target_name': 'dhcpd_native',
      'sources': ['native/arguments.c', 'native/module.c', 'native/sockets.c', 'native/transfer.c', 'native/watch.c'],
      'defines': ['_GNU_SOURCE', 'NAPI_VERSION=8'],
      'cflags': ['-O2', '-Wall', '-Wextra', '-Werror', '-fvisibility=hidden'],
    },
  ],
}
