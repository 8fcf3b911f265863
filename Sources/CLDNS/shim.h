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

#endif
