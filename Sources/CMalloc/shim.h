// What Swift's module of the C library leaves out.
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/vfs.h>

// prctl(2) takes any number of arguments, which Swift cannot call.
static inline int strongroom_set_dumpable(int value) { return prctl(PR_SET_DUMPABLE, value, 0, 0, 0); }
static inline int strongroom_get_dumpable(void) { return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0); }
