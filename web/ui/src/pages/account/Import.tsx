import { useRef, useState } from 'react'
import { Button } from 'antd'
import { send } from '../../api/client'
import { useLang } from '../../i18n'
import { number } from '../../lib/format'
import { FormError, Once, useDoing } from './parts'

interface Fault {
  row: number
  field: string
  message_zh: string
  message_en: string
}

interface Report {
  rows: number
  faults: Fault[]
  accounts: { name: string; display: { zh: string; en: string }; password: string }[]
}

/** Quotes a cell, and keeps a spreadsheet from running what somebody typed as a name. */
function cell(s: string): string {
  return `"${(/^[=+\-@\t]/.test(s) ? `'${s}` : s).replaceAll('"', '""')}"`
}

/** Opens the accounts of a sheet: a look first, then all of them or none. */
export function ImportAccounts({ onDone }: { onDone: () => void }) {
  const { t, tx, lang } = useLang()
  const [file, setFile] = useState<File | null>(null)
  const [seen, setSeen] = useState<Report | null>(null)
  const [made, setMade] = useState<Report | null>(null)
  const input = useRef<HTMLInputElement>(null)
  const { busy, error, run } = useDoing()
  const hand = (f: File, dry: boolean) => {
    const form = new FormData()
    form.set('dry', dry ? '1' : '0')
    form.set('file', f)
    return send<Report>('/api/accounts/import', form, () => {})
  }
  const save = (r: Report) => {
    const rows = [[t('acc.name'), t('acc.shown'), t('acc.password')], ...r.accounts.map((a) => [a.name, tx(a.display), a.password])]
    const blob = new Blob(['\ufeff', rows.map((x) => x.map(cell).join(',')).join('\r\n'), '\r\n'], { type: 'text/csv' })
    const a = document.createElement('a')
    a.href = URL.createObjectURL(blob)
    a.download = 'accounts.csv'
    a.click()
    URL.revokeObjectURL(a.href)
  }
  return (
    <section aria-labelledby="acc-import">
      <h2 id="acc-import">{t('acc.import')}</h2>
      <p className="muted">{t('acc.importHint')}</p>
      <div className="inline-form">
        <input
          ref={input}
          type="file"
          accept=".xlsx,.csv"
          aria-label={t('acc.import')}
          onChange={(e) => {
            const f = e.target.files?.[0] ?? null
            setFile(f)
            setSeen(null)
            setMade(null)
            if (f) void run(async () => setSeen(await hand(f, true)))
          }}
        />
        <Button
          type="primary"
          disabled={busy || !file || !seen || !seen.rows || seen.faults.length > 0}
          onClick={() =>
            file &&
            void run(async () => {
              setMade(await hand(file, false))
              setSeen(null)
              setFile(null)
              if (input.current) input.current.value = ''
              onDone()
            })
          }
        >
          {t('acc.importGo', { n: number(seen?.faults.length ? 0 : (seen?.rows ?? 0)) })}
        </Button>
      </div>
      <FormError text={error} />
      {seen && seen.faults.length > 0 && (
        <>
          <p role="status">{t('acc.importFaults', { n: number(seen.faults.length) })}</p>
          <ul className="rows import-faults">
            {seen.faults.slice(0, 100).map((f, i) => (
              <li key={i}>
                <span>
                  {f.row > 0 && <strong>{t('acc.row', { n: f.row })} </strong>}
                  {lang === 'en' ? f.message_en : f.message_zh}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      {made && made.accounts.length > 0 && (
        <Once lead={t('acc.imported', { n: number(made.accounts.length) })}>
          <Button onClick={() => save(made)}>{t('acc.save')}</Button>
        </Once>
      )}
    </section>
  )
}
