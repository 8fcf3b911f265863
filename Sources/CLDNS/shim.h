#ifndef DDNS_ACME_CLDNS_SHIM_H
#define DDNS_ACME_CLDNS_SHIM_H

// Before <ldns/ldns.h>: without it ldns defines _Bool as signed char, and every bool of its API would be imported
// with the wrong type.
#include <stdbool.h>
#include <ldns/ldns.h>

// The TSIG MAC: one-shot HMAC() with an EVP_MD, which libcrypto offers for every algorithm RFC 8945 names.
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

// The kind and permission bits of an open file. In C because Swift, with NIO in the same build, looks for the members of
// struct stat in NIO's C module as often as in Glibc, and then refuses them.
#include <sys/stat.h>

static inline int ddns_acme_file_mode(int descriptor, bool *is_regular, unsigned int *permissions) {
    struct stat status;
    if (fstat(descriptor, &status) != 0) {
        return -1;
    }
    *is_regular = S_ISREG(status.st_mode);
    *permissions = status.st_mode & 07777;
    return 0;
}

#endif
