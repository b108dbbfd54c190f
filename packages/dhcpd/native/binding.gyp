{
  'targets': [
    {
      'target_name': 'dhcpd_native',
      'sources': ['arguments.c', 'module.c', 'sockets.c', 'transfer.c', 'watch.c'],
      'defines': ['_GNU_SOURCE', 'NAPI_VERSION=8'],
      'cflags': ['-O2', '-Wall', '-Wextra', '-Werror', '-fvisibility=hidden'],
    },
  ],
}
