// Small integers for what JavaScript holds open, the same in every thread of the process.
//
// Looking one up is one load, without a lock; that nobody uses a handle while another thread closes it is for
// the caller to see to.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define HANDLES 1024

struct handle_table {
  void *entries[HANDLES];
};

// The handle, or -EMFILE when the table is full.
int handle_put(struct handle_table *table, void *entry);

// Takes the entry out: NULL when there is none (any more).
void *handle_take(struct handle_table *table, int32_t handle);

static inline void *handle_get(struct handle_table *table, int32_t handle) {
  if ((uint32_t)handle >= HANDLES) return NULL;
  return __atomic_load_n(&table->entries[handle], __ATOMIC_ACQUIRE);
}
