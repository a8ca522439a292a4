/* SM4-GCM of libgcrypt. */
#include <gcrypt.h>

#include "peer.h"

static gcry_cipher_hd_t cipher;

static void seal(unsigned char *text, size_t bytes, const unsigned char nonce[12], const unsigned char aad[40], unsigned char tag[16]) {
    if (gcry_cipher_reset(cipher) || gcry_cipher_setiv(cipher, nonce, 12) || gcry_cipher_authenticate(cipher, aad, 40) || gcry_cipher_final(cipher) ||
        gcry_cipher_encrypt(cipher, text, bytes, NULL, 0) || gcry_cipher_gettag(cipher, tag, 16))
        broken("libgcrypt does not seal");
}

int main(void) {
    unsigned char key[16];
    memset(key, 7, sizeof key);
    if (!gcry_check_version(NULL) || gcry_cipher_open(&cipher, GCRY_CIPHER_SM4, GCRY_CIPHER_MODE_GCM, 0) || gcry_cipher_setkey(cipher, key, 16))
        broken("this libgcrypt has no SM4-GCM");
    return answer();
}
