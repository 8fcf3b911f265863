#ifndef DDNS_ACME_RENAME_EXCHANGE_H
#define DDNS_ACME_RENAME_EXCHANGE_H

/// Swaps two existing paths atomically: renameat2(2) with RENAME_EXCHANGE, which Swift's Glibc overlay does not show.
/// Returns 0, or the errno value: EINVAL where the file system cannot, ENOSYS where the kernel cannot.
int ddns_rename_exchange(const char *first, const char *second);

#endif
