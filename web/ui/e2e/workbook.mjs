// Just enough of XLSX for the tests: write rows as a workbook, open one, change a
// text in it, see whether cells are coloured.
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib'

const crc =
  crc32 ??
  ((b) => {
    let c = ~0
    for (const x of b) {
      c ^= x
      for (let k = 0; k < 8; k++) c = (c >>> 1) ^ (0xedb88320 & -(c & 1))
    }
    return ~c >>> 0
  })

export function zip(files) {
  const parts = []
  const central = []
  let at = 0
  for (const [name, data] of files) {
    const raw = Buffer.from(data)
    const packed = deflateRawSync(raw)
    const title = Buffer.from(name)
    const head = Buffer.alloc(30)
    head.writeUInt32LE(0x04034b50, 0)
    head.writeUInt16LE(20, 4)
    head.writeUInt16LE(0x0800, 6)
    head.writeUInt16LE(8, 8)
    head.writeUInt32LE(0x00210000, 10)
    head.writeUInt32LE(crc(raw), 14)
    head.writeUInt32LE(packed.length, 18)
    head.writeUInt32LE(raw.length, 22)
    head.writeUInt16LE(title.length, 26)
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50, 0)
    entry.writeUInt16LE(20, 4)
    head.copy(entry, 6, 4, 30)
    entry.writeUInt32LE(at, 42)
    parts.push(head, title, packed)
    central.push(entry, title)
    at += head.length + title.length + packed.length
  }
  const list = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(files.size, 8)
  end.writeUInt16LE(files.size, 10)
  end.writeUInt32LE(list.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...parts, list, end])
}

export function unzip(buffer) {
  const files = new Map()
  const end = buffer.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]))
  const count = buffer.readUInt16LE(end + 10)
  let at = buffer.readUInt32LE(end + 16)
  for (let i = 0; i < count; i++) {
    const method = buffer.readUInt16LE(at + 10)
    const size = buffer.readUInt32LE(at + 20)
    const nameLength = buffer.readUInt16LE(at + 28)
    const name = buffer.toString('utf8', at + 46, at + 46 + nameLength)
    const local = buffer.readUInt32LE(at + 42)
    const start = local + 30 + buffer.readUInt16LE(local + 26) + buffer.readUInt16LE(local + 28)
    const packed = buffer.subarray(start, start + size)
    files.set(name, method === 8 ? inflateRawSync(packed) : Buffer.from(packed))
    at += 46 + nameLength + buffer.readUInt16LE(at + 30) + buffer.readUInt16LE(at + 32)
  }
  return files
}

const escape = (s) => String(s).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** A workbook of one sheet with text cells. */
export function workbook(rows) {
  const column = (i) =>
    (i >= 26 ? String.fromCharCode(64 + Math.floor(i / 26)) : '') + String.fromCharCode(65 + (i % 26))
  const sheet = rows
    .map(
      (r, y) =>
        `<row r="${y + 1}">${r.map((c, x) => `<c r="${column(x)}${y + 1}" t="inlineStr"><is><t>${escape(c)}</t></is></c>`).join('')}</row>`,
    )
    .join('')
  const xml = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
  const rel = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
  const pack = 'http://schemas.openxmlformats.org/package/2006'
  const type = 'application/vnd.openxmlformats-officedocument.spreadsheetml'
  return zip(
    new Map([
      [
        '[Content_Types].xml',
        `${xml}<Types xmlns="${pack}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${type}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${type}.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="${type}.styles+xml"/></Types>`,
      ],
      [
        '_rels/.rels',
        `${xml}<Relationships xmlns="${pack}/relationships"><Relationship Id="rId1" Type="${rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
      ],
      [
        'xl/workbook.xml',
        `${xml}<workbook xmlns="${main}" xmlns:r="${rel}"><sheets><sheet name="学校" sheetId="1" r:id="rId1"/></sheets></workbook>`,
      ],
      [
        'xl/_rels/workbook.xml.rels',
        `${xml}<Relationships xmlns="${pack}/relationships"><Relationship Id="rId1" Type="${rel}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="${rel}/styles" Target="styles.xml"/></Relationships>`,
      ],
      [
        'xl/styles.xml',
        `${xml}<styleSheet xmlns="${main}"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="1"><xf/></cellXfs></styleSheet>`,
      ],
      ['xl/worksheets/sheet1.xml', `${xml}<worksheet xmlns="${main}"><sheetData>${sheet}</sheetData></worksheet>`],
    ]),
  )
}

/** Changes a text wherever it stands in the workbook's cells; says how often. */
export function replaceText(buffer, from, to) {
  const files = unzip(buffer)
  let times = 0
  for (const [name, data] of files) {
    if (!/^xl\/(sharedStrings|worksheets\/.*)\.xml$/.test(name)) continue
    const text = data.toString('utf8')
    const parts = text.split(`>${escape(from)}<`)
    times += parts.length - 1
    files.set(name, Buffer.from(parts.join(`>${escape(to)}<`)))
  }
  return { buffer: zip(files), times }
}

/** Whether any style of the workbook fills cells with a colour. */
export function coloured(buffer) {
  return /<patternFill patternType="solid">/.test(unzip(buffer).get('xl/styles.xml')?.toString('utf8') ?? '')
}

/** All texts of the workbook. */
export function texts(buffer) {
  return [...unzip(buffer)]
    .filter(([n]) => n === 'word/document.xml' || /^xl\/(sharedStrings|worksheets\/.*|comments.*)\.xml$/.test(n))
    .map(([, d]) => d.toString('utf8'))
    .join('\n')
}
