// Work that is done in another network namespace.
#pragma once

// Does it: >= 0, or -errno with the name of the call that failed in *call.
typedef int (*in_place)(const void *what, const char **call);

// in_place() in the network namespace at `path`, where the process is when that is empty, for this thread and for as long
// as it takes. A thread that could not come back would open everything else in the wrong place: it ends the process.
int in_namespace(const char *path, in_place work, const void *what, const char **call);
