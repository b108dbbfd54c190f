{
  'targets': [
    {
      'target_name': 'dhcpd_native',
      'sources': [
        '../shared/native/arguments.c',
        '../shared/native/functions.c',
        '../shared/native/watcher.c',
        'native/errors.c',
        'native/module.c',
        'native/sockets.c',
        'native/transfer.c',
        'native/watch.c',
      ],
      'include_dirs': ['../shared/native'],
      'defines': ['_GNU_SOURCE', 'NAPI_VERSION=8'],
      'cflags': ['-O2', '-Wall', '-Wextra', '-Werror', '-fvisibility=hidden'],
    },
  ],
}
