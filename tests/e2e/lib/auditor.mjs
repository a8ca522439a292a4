// An auditor before his page: his key as a file with a password, as `menjie log keygen` writes one (PBES2: PBKDF2, AES).
import { createCipheriv, pbkdf2Sync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';

export const PASSWORD = 'Auditor-key-77';

const tlv = (tag, ...parts) => {
  const body = Buffer.concat(parts);
  const size = body.length < 128 ? [body.length] : body.length < 256 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
};
const oid = (hex) => tlv(6, Buffer.from(hex, 'hex'));
const sequence = (...parts) => tlv(0x30, ...parts);

/** The demonstration's auditor's key, which lies there without a password, under one. */
export function keyFile(hospital) {
  const text = readFileSync(path.join(hospital.folder, 'auditor.pem'), 'utf8');
  const pkcs8 = Buffer.from(text.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  const [salt, iv] = [randomBytes(16), randomBytes(16)];
  const cipher = createCipheriv('aes-256-cbc', pbkdf2Sync(PASSWORD, salt, 10_000, 32, 'sha256'), iv);
  const sealed = Buffer.concat([cipher.update(pkcs8), cipher.final()]);
  const rounds = tlv(2, Buffer.from([10_000 >> 8, 10_000 & 255]));
  const kdf = sequence(oid('2a864886f70d01050c'), sequence(tlv(4, salt), rounds, sequence(oid('2a864886f70d0209'), tlv(5))));
  const scheme = sequence(oid('60864801650304012a'), tlv(4, iv));
  const der = sequence(sequence(oid('2a864886f70d01050d'), sequence(kdf, scheme)), tlv(4, sealed));
  const pem = `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${der.toString('base64').match(/.{1,64}/g).join('\n')}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
  return { name: 'auditor.pem', mimeType: 'application/x-pem-file', buffer: Buffer.from(pem) };
}
