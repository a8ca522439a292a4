/* SM4-GCM of OpenSSL. */
#include <openssl/evp.h>

#include "peer.h"

static EVP_CIPHER_CTX *context;

static void seal(unsigned char *text, size_t bytes, const unsigned char nonce[12], const unsigned char aad[40], unsigned char tag[16]) {
    int len;
    if (!EVP_EncryptInit_ex(context, NULL, NULL, NULL, nonce) || !EVP_EncryptUpdate(context, NULL, &len, aad, 40) ||
        !EVP_EncryptUpdate(context, text, &len, text, (int)bytes) || !EVP_EncryptFinal_ex(context, text + len, &len) ||
        !EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, tag))
        broken("OpenSSL does not seal");
}

int main(void) {
    unsigned char key[16];
    memset(key, 7, sizeof key);
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "SM4-GCM", NULL);
    context = EVP_CIPHER_CTX_new();
    if (!cipher || !context || !EVP_EncryptInit_ex(context, cipher, NULL, key, NULL))
        broken("this OpenSSL has no SM4-GCM");
    return answer();
}
