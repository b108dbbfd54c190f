#include "handle-table.h"

#include <errno.h>
#include <stdbool.h>

int handle_put(struct handle_table *table, void *entry) {
  for (int handle = 0; handle < HANDLES; handle++) {
    void *expected = NULL;
    if (__atomic_compare_exchange_n(&table->entries[handle], &expected, entry, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_RELAXED)) {
      return handle;
    }
  }
  return -EMFILE;
}

void *handle_take(struct handle_table *table, int32_t handle) {
  if ((uint32_t)handle >= HANDLES) return NULL;
  return __atomic_exchange_n(&table->entries[handle], NULL, __ATOMIC_ACQ_REL);
}
