import { useMemo, useState } from 'react'
import { Button, Modal } from 'antd'
import { ApiError, post } from '../../api/client'
import type { Case, CaseAction, CaseBody, Missing } from '../../api/flow'
import { forgetAnswers } from '../../api/use'
import { useLang } from '../../i18n'
import { newId, type DraftFile } from './kept'
import { FieldInput } from './Field'
import { MissingInput } from './MissingInput'
import { PapersInput } from './Papers'
import { upload } from './sending'
import { cellOf } from './words'

/** The form of one action: what it asks for, prefilled with what the record has. */
export function ActForm({
  body,
  action: a,
  onDone,
  onReload,
}: {
  body: CaseBody
  action: CaseAction
  onDone: (c: Case) => void
  onReload: () => void
}) {
  const { t, tx, problem } = useLang()
  const row = body.record.rows?.[0]
  // Made once: pressing twice, or again after the network broke off, acts once.
  const [id] = useState(newId)
  const masked = useMemo(
    () => new Set((body.record.columns ?? []).filter((c) => c.masked).map((c) => c.name)),
    [body.record.columns],
  )
  const before = useMemo(
    () => Object.fromEntries(a.fields.map((f) => [f.name, masked.has(f.name) ? '' : cellOf(f, row)])),
    [a.fields, masked, row],
  )
  // What the record does not have yet begins with the sealed figure, and is sent with the rest.
  const [cells, setCells] = useState<Record<string, string>>(() =>
    Object.fromEntries(a.fields.flatMap((f) => (f.prefill && !before[f.name] && !masked.has(f.name) ? [[f.name, f.prefill.value]] : []))),
  )
  const [labels, setLabels] = useState<Record<string, string>>({})
  const [note, setNote] = useState('')
  const [files, setFiles] = useState<DraftFile[]>([])
  const [missing, setMissing] = useState<Missing[]>([])
  const [error, setError] = useState<ApiError | null>(null)
  const [faults, setFaults] = useState<Record<string, string>>({})
  const [busy, setBusy] = useState(false)
  const [sure, setSure] = useState(false)

  const valueOf = (name: string) => cells[name] ?? before[name] ?? ''
  const check = () => {
    const out: Record<string, string> = {}
    for (const n of a.needs) {
      const asked = a.fields.some((f) => f.name === n)
      if (asked && !valueOf(n).trim() && !masked.has(n)) out[n] = t('flow.fillIn')
    }
    setFaults(out)
    const first = Object.keys(out)[0]
    if (first) document.getElementById(`f-${first}`)?.focus()
    return !first
  }
  const act = async () => {
    setBusy(true)
    setError(null)
    try {
      const sent = [...files]
      for (const [i, f] of sent.entries()) {
        if (!f.paper) sent[i] = { ...f, paper: await upload(f.blob, f.name, () => {}) }
        setFiles([...sent])
      }
      const c = await post<Case>(`/api/cases/${encodeURIComponent(body.case.no)}/act`, {
        id,
        action: a.id,
        step: body.case.step,
        cells: Object.fromEntries(Object.entries(cells).filter(([k, v]) => v !== before[k])),
        papers: sent.flatMap((f) => (f.paper ? [f.paper.id] : [])),
        note,
        missing: a.returns ? missing : [],
      })
      forgetAnswers()
      onDone(c)
    } catch (cause) {
      const e = cause instanceof ApiError ? cause : new ApiError(0, 'internal', null)
      setError(e)
      if (e.field && a.fields.some((f) => f.name === e.field)) setFaults({ [e.field]: problem(e) })
      setBusy(false)
    }
  }
  const submit = () => {
    if (!check()) return
    if (a.danger && !sure) setSure(true)
    else void act()
  }
  const showFault = error && !(error.field && faults[error.field])
  return (
    <form
      className="flow-form"
      aria-label={tx(a.title)}
      onSubmit={(e) => {
        e.preventDefault()
        submit()
      }}
    >
      {tx(a.guard) && <p className="flow-hint">{t('flow.guard', { text: tx(a.guard) })}</p>}
      {a.fields.length > 0 && (
        <div className="flow-fields">
          {a.fields.map((f) => (
            <FieldInput
              key={f.name}
              field={f}
              value={valueOf(f.name)}
              label={labels[f.name] ?? tx(row?.display?.[f.name])}
              needed={a.needs.includes(f.name)}
              mask={masked.has(f.name) ? tx(row?.display?.[f.name]) || String(row?.values[f.name] ?? '') : ''}
              fault={faults[f.name] ?? ''}
              code={a.reaches === f.name}
              onChange={(v, label) => {
                setCells((c) => ({ ...c, [f.name]: v }))
                if (label !== undefined) setLabels((l) => ({ ...l, [f.name]: label }))
                setFaults((x) => ({ ...x, [f.name]: '' }))
              }}
            />
          ))}
        </div>
      )}
      {a.returns && <MissingInput columns={(body.record.columns ?? []).filter((c) => !body.own.includes(c.name))} list={missing} onList={setMissing} />}
      <label className="flow-field" data-long>
        <span>
          {t('flow.note')}
          {a.note && (
            <b className="lost" title={t('flow.needed')}>
              {' '}
              *
            </b>
          )}
        </span>
        <textarea
          className="flow-input"
          name="note"
          rows={2}
          maxLength={4000}
          value={note}
          aria-required={Boolean(a.note)}
          onChange={(e) => setNote(e.target.value)}
        />
      </label>
      <PapersInput files={files} needed={a.papers ?? 0} onFiles={setFiles} />
      {showFault && (
        <div className="form-error" role="alert">
          {problem(error)}{' '}
          {error.status === 409 && (
            <button type="button" className="plain-button" onClick={onReload}>
              {t('flow.lookAgain')}
            </button>
          )}
          {error.status === 0 && <span>{t('flow.tryAgain')}</span>}
        </div>
      )}
      <Button
        type="primary"
        htmlType="submit"
        size="large"
        danger={Boolean(a.danger)}
        loading={busy}
        disabled={(a.note && !note.trim()) || files.length < (a.papers ?? 0) || (a.returns && !missing.length)}
      >
        {tx(a.title)}
      </Button>
      <Modal
        open={sure}
        title={t('flow.sure', { action: tx(a.title) })}
        okText={tx(a.title)}
        okButtonProps={{ danger: true }}
        cancelText={t('common.close')}
        onOk={() => {
          setSure(false)
          void act()
        }}
        onCancel={() => setSure(false)}
      >
        <p>{t('flow.sureText', { no: body.case.no })}</p>
      </Modal>
    </form>
  )
}
