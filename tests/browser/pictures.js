// Pictures, made here: a PNG of one colour.

import { deflateSync } from 'node:zlib';

const crc = (bytes) => {
  let rest = 0xffffffff;
  for (const byte of bytes) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  }
  return (rest ^ 0xffffffff) >>> 0;
};

const number = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

const chunk = (name, content) => {
  const named = Buffer.concat([Buffer.from(name), content]);
  return Buffer.concat([number(content.length), named, number(crc(named))]);
};

// A square; `text` is a comment in it, `after` stands behind its end.
export const png = ({ side = 64, colour = [29, 91, 184], text = '', after = '' } = {}) => {
  const row = Buffer.concat([Buffer.from([0]), Buffer.concat(Array.from({ length: side }, () => Buffer.from(colour)))]);
  const head = Buffer.concat([number(side), number(side), Buffer.from([8, 2, 0, 0, 0])]);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', head),
    ...(text ? [chunk('tEXt', Buffer.from(`Comment\0${text}`, 'latin1'))] : []),
    chunk('IDAT', deflateSync(Buffer.concat(Array.from({ length: side }, () => row)))),
    chunk('IEND', Buffer.alloc(0)),
    Buffer.from(after),
  ]);
};

export const file = (name, mimeType, buffer) => ({ name, mimeType, buffer: Buffer.from(buffer) });
