// What Swift's module of the C library leaves out. Headers that this module has as well would seem to be
// its own, so that only those are here which nobody else needs.
#include <linux/stat.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

// prctl(2) takes any number of arguments, which Swift cannot call.
static inline int strongroom_set_dumpable(int value) { return prctl(PR_SET_DUMPABLE, value, 0, 0, 0); }
static inline int strongroom_get_dumpable(void) { return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0); }

long syscall(long number, ...);

// Which file stands at a path, its times not asked for: 0, or -1 with errno set; statx(2).
static inline long strongroom_identify(const char *path, unsigned long long *device,
                                       unsigned long long *inode)
{
    const int here = -100, without_links = 0x100; // AT_FDCWD, AT_SYMLINK_NOFOLLOW
    struct statx found;
    if (syscall(SYS_statx, here, path, without_links, STATX_INO, &found) != 0) return -1;
    *device = (unsigned long long)found.stx_dev_major << 32 | found.stx_dev_minor;
    *inode = found.stx_ino;
    return 0;
}

// Begins to write a range of a file to its disk and does not wait: sync_file_range(2).
static inline void strongroom_begin_writing(int file, long long offset, long long count)
{
    const unsigned begin = 2; // SYNC_FILE_RANGE_WRITE
    syscall(SYS_sync_file_range, file, offset, count, begin);
}
