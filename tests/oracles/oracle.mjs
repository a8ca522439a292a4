// Answers what sm-crypto computes: one JSON array of questions on standard input, one of answers on standard output. Bytes are hex.
import { readFileSync } from 'node:fs'
import smCrypto from 'sm-crypto'

const { sm2, sm3, sm4 } = smCrypto
const array = (hex) => [...Buffer.from(hex, 'hex')]
const hex = (bytes) => Buffer.from(bytes).toString('hex')

const calls = {
  sm3: (data) => sm3(array(data)),
  sm4: (key, data) => hex(sm4.encrypt(array(data), array(key), { padding: 'none', output: 'array' })),
  sign: (secret, open, data) => sm2.doSignature(array(data), secret, { hash: true, publicKey: `04${open}` }),
  verify: (secret, open, data, signature) => sm2.doVerifySignature(array(data), signature, `04${open}`, { hash: true }),
  encrypt: (secret, open, data) => sm2.doEncrypt(array(data), `04${open}`, 1),
  decrypt: (secret, open, data) => hex(sm2.doDecrypt(data, secret, 1, { output: 'array' })),
}

const questions = JSON.parse(readFileSync(0, 'utf8'))
process.stdout.write(JSON.stringify(questions.map(([name, ...rest]) => calls[name](...rest))))
