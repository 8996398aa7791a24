import { useEffect, useState } from 'react'
import { Link } from 'react-router'
import { Select } from 'antd'
import { ApiError, get, url } from '../../api/client'
import type { FormColumn, OrgHead, PermitBody } from '../../api/flow'
import type { RecordPage, Words } from '../../api/types'
import { useLang } from '../../i18n'
import { PermitWords } from './PermitForm'
import { fits, isLong } from './words'

export interface FieldProps {
  field: FormColumn
  value: string
  label: string
  needed: boolean
  /** Shown instead of a value that the reader sees masked. */
  mask?: string
  fault?: string
  /** Holds a consent code. */
  code?: boolean
  /** Organisations to choose from without a network. */
  orgs?: OrgHead[]
  onChange: (value: string, label?: string) => void
}

/** One field of a form with its name, its mark if it must be filled in, and what is wrong with it. */
export function FieldInput(p: FieldProps) {
  const { t, tx } = useLang()
  const { field: f } = p
  const id = `f-${f.name}`
  return (
    <div className="flow-field" data-long={isLong(f) || undefined} data-fault={p.fault ? true : undefined}>
      <label htmlFor={id}>
        {tx(f.title)}
        {tx(f.unit) && <span className="unit"> {tx(f.unit)}</span>}
        {p.needed && (
          <b className="lost" title={t('flow.needed')}>
            {' '}
            *<span className="flow-unseen">{t('flow.needed')}</span>
          </b>
        )}
      </label>
      <Control {...p} id={id} />
      {p.code && <CodeCheck code={p.value} />}
      {tx(f.note) && <p className="flow-hint">{tx(f.note)}</p>}
      {f.prefill && p.value === f.prefill.value && (
        <p className="flow-hint" data-prefill={f.prefill.seal}>
          {t('flow.prefill', { seal: f.prefill.seal })}
          {f.prefill.indicator && (
            <>
              {' '}
              <Link to={`/indicators/${f.prefill.indicator}`}>{tx(f.prefill.title)}</Link>
              {f.prefill.year ? <span className="num"> {f.prefill.year}</span> : null}
            </>
          )}
        </p>
      )}
      {p.mask && <p className="flow-hint">{t('flow.masked')}</p>}
      {p.fault && (
        <p className="form-error" role="alert" id={`${id}-fault`}>
          {p.fault}
        </p>
      )}
    </div>
  )
}

function Control({ id, field: f, value, mask = '', needed, fault, orgs, label, onChange }: FieldProps & { id: string }) {
  const { t, tx } = useLang()
  const common = {
    id,
    value,
    'aria-required': needed,
    'aria-invalid': Boolean(fault),
    'aria-describedby': fault ? `${id}-fault` : undefined,
  }
  if (f.type === 'ref') return <RefInput id={id} field={f} value={value} label={label} orgs={orgs ?? []} onChange={onChange} />
  if (f.type === 'bool') {
    return (
      <select {...common} className="flow-input" onChange={(e) => onChange(e.target.value)}>
        <option value="">{mask}</option>
        <option value="1">{t('common.yes')}</option>
        <option value="0">{t('common.no')}</option>
      </select>
    )
  }
  if (f.type === 'code' && f.options?.length) {
    if (f.options.length <= 12) {
      return (
        <select {...common} className="flow-input" onChange={(e) => onChange(e.target.value)}>
          <option value="">{mask}</option>
          {f.options.map((o) => (
            <option key={o.code} value={o.code}>
              {tx(o.title)}
            </option>
          ))}
        </select>
      )
    }
    return (
      <Select
        id={id}
        showSearch
        allowClear
        optionFilterProp="label"
        value={value || null}
        placeholder={mask}
        options={f.options.map((o) => ({ value: o.code, label: tx(o.title) }))}
        onChange={(v: string | undefined) => onChange(v ?? '')}
      />
    )
  }
  if (isLong(f)) {
    return (
      <textarea
        {...common}
        className="flow-input"
        rows={3}
        maxLength={f.max}
        placeholder={mask}
        onChange={(e) => onChange(e.target.value)}
      />
    )
  }
  return (
    <input
      {...common}
      className="flow-input"
      type={f.type === 'date' ? 'date' : 'text'}
      inputMode={f.type === 'int' || f.type === 'year' ? 'numeric' : f.type === 'decimal' ? 'decimal' : undefined}
      maxLength={f.type === 'text' ? f.max : undefined}
      placeholder={mask}
      autoComplete="off"
      onChange={(e) => onChange(e.target.value)}
    />
  )
}

interface Choice {
  value: string
  label: string
}

/** Where the choices of a reference come from: organisations, or the records of a register. */
async function findRefs(f: FormColumn, q: string, tx: (w: Words) => string, signal: AbortSignal): Promise<Choice[]> {
  if (f.org) {
    const list = await get<OrgHead[]>(url('/api/orgs', { q }), signal)
    return list.filter((o) => fits(f, o)).map((o) => ({ value: o.code, label: tx(o.title) || o.code }))
  }
  const entity = encodeURIComponent(f.ref ?? '')
  const about = await get<{ key: string[] | null; label: string }>(`/api/entities/${entity}`, signal)
  const page = await get<RecordPage>(url(`/api/records/${entity}`, { q, limit: 30 }), signal)
  const key = about.key?.[0] ?? ''
  return (page.rows ?? []).map((r) => {
    const code = String(r.values[key] ?? '')
    const name = tx(r.display?.[about.label]) || String(r.values[about.label] ?? '')
    return { value: code, label: name && name !== code ? `${name} ${code}` : code }
  })
}

/** Chooses what a field refers to by searching for its name. */
function RefInput({
  id,
  field: f,
  value,
  label,
  orgs,
  onChange,
}: {
  id: string
  field: FormColumn
  value: string
  label: string
  orgs: OrgHead[]
  onChange: (value: string, label?: string) => void
}) {
  const { t, tx } = useLang()
  const [q, setQ] = useState('')
  const [open, setOpen] = useState(false)
  const [list, setList] = useState<Choice[] | null>(null)
  useEffect(() => {
    if (!open) return
    const stop = new AbortController()
    const wait = setTimeout(() => {
      findRefs(f, q.trim(), tx, stop.signal).then(setList, (e: unknown) => {
        if (stop.signal.aborted) return
        if (!(e instanceof ApiError) || e.status !== 0) return setList([])
        const words = q.trim().toLowerCase()
        const here = f.org ? orgs.filter((o) => fits(f, o) && `${tx(o.title)} ${o.code}`.toLowerCase().includes(words)) : []
        setList(here.map((o) => ({ value: o.code, label: tx(o.title) })))
      })
    }, 200)
    return () => {
      clearTimeout(wait)
      stop.abort()
    }
    // tx changes with the language alone, and then the list is asked for again.
  }, [open, q, f, orgs, tx])
  const typed = q.trim()
  const options = [...(list ?? [])]
  // A code that the list does not have may still be right: the server decides.
  if (typed && list && !list.length && /^[\w-]{2,24}$/.test(typed)) options.push({ value: typed, label: typed })
  if (value && !options.some((o) => o.value === value)) options.unshift({ value, label: label || value })
  return (
    <Select
      id={id}
      showSearch
      allowClear
      filterOption={false}
      value={value || null}
      placeholder={t('flow.search')}
      notFoundContent={list ? t('common.empty') : t('common.loading')}
      options={options}
      onOpenChange={(o) => {
        setOpen(o)
        if (o) setList(null)
      }}
      onSearch={setQ}
      onChange={(v: string | undefined) => onChange(v ?? '', options.find((o) => o.value === v)?.label ?? '')}
    />
  )
}

/** Says at once whether a consent code holds, and for whom. */
export function CodeCheck({ code }: { code: string }) {
  const { t, problem } = useLang()
  const [found, setFound] = useState<{ code: string; body: PermitBody | null; error: string } | null>(null)
  const text = code.trim()
  const ripe = text.replace(/[^0-9A-Za-z]/g, '').length >= 8
  useEffect(() => {
    if (!ripe) return
    const stop = new AbortController()
    const wait = setTimeout(() => {
      get<PermitBody>(`/api/public/permits/${encodeURIComponent(text)}`, stop.signal).then(
        (body) => setFound({ code: text, body, error: '' }),
        (e: unknown) => !stop.signal.aborted && setFound({ code: text, body: null, error: problem(e as ApiError) }),
      )
    }, 300)
    return () => {
      clearTimeout(wait)
      stop.abort()
    }
  }, [text, ripe, problem])
  if (!ripe || found?.code !== text) return null
  if (!found.body) return <p className="flow-hint lost">{found.error || t('flow.codeUnknown')}</p>
  return <PermitWords body={found.body} />
}
