"""Answers what gmssl computes: one JSON array of questions on standard input, one of answers on standard output. Bytes are hex."""

import json
import sys

from gmssl import func, sm2, sm3
from gmssl.sm4 import SM4_ENCRYPT, CryptSM4


def sm3_hash(data):
    return sm3.sm3_hash(func.bytes_to_list(bytes.fromhex(data)))


def sm4_blocks(key, data):
    crypt = CryptSM4()
    crypt.set_key(bytes.fromhex(key), SM4_ENCRYPT)
    # It pads: the last block is its own.
    return crypt.crypt_ecb(bytes.fromhex(data)).hex()[: len(data)]


def sm2_of(private, public):
    return sm2.CryptSM2(private_key=private, public_key=public, mode=1)


def sign(private, public, data):
    return sm2_of(private, public).sign_with_sm3(bytes.fromhex(data))


def verify(private, public, data, signature):
    return bool(sm2_of(private, public).verify_with_sm3(signature, bytes.fromhex(data)))


def encrypt(private, public, data):
    return sm2_of(private, public).encrypt(bytes.fromhex(data)).hex()


def decrypt(private, public, data):
    return sm2_of(private, public).decrypt(bytes.fromhex(data)).hex()


CALLS = {"sm3": sm3_hash, "sm4": sm4_blocks, "sign": sign, "verify": verify, "encrypt": encrypt, "decrypt": decrypt}

json.dump([CALLS[name](*arguments) for name, *arguments in json.load(sys.stdin)], sys.stdout)
