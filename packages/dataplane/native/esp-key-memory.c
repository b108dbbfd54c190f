// Memory of keys: blocks of one size from huge pages. With thousands of SAs in random order each packet's key is
// somewhere else, and a miss of the address translation costs as much as one of the cache.
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "esp-crypto.h"

#define HUGE_PAGE (2u << 20)

// At the start of a block that is free.
struct free_block {
  struct free_block *next;
};

static struct free_block *blocks;

// More blocks of `size` octets; they are never given back to the system, but used again.
static bool refill(size_t size) {
  // Twice as much address space, for one huge page that is aligned in it.
  uint8_t *memory = mmap(NULL, 2 * HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return false;
  uint8_t *page = memory + (HUGE_PAGE - (uintptr_t)memory % HUGE_PAGE) % HUGE_PAGE;
  if (page > memory) munmap(memory, (size_t)(page - memory));
  munmap(page + HUGE_PAGE, (size_t)(memory + HUGE_PAGE - page));
  madvise(page, HUGE_PAGE, MADV_HUGEPAGE); // slower without, no more
  madvise(page, HUGE_PAGE, MADV_DONTDUMP); // secrets
  for (size_t at = HUGE_PAGE / size * size; at >= size; at -= size) {
    struct free_block *block = (struct free_block *)(void *)(page + at - size);
    block->next = blocks;
    blocks = block;
  }
  return true;
}

void *esp_key_alloc(size_t size) {
  if (blocks == NULL && !refill(size)) return NULL;
  struct free_block *block = blocks;
  blocks = block->next;
  memset(block, 0, size);
  return block;
}

void esp_key_free(void *memory, size_t size) {
  explicit_bzero(memory, size);
  struct free_block *block = memory;
  block->next = blocks;
  blocks = block;
}
