import { useCallback, useEffect, useRef, useState } from 'react'
import { Button } from 'antd'
import { ApiError } from '../../api/client'
import type { Case, OrgHead, TypeBody } from '../../api/flow'
import { useLang } from '../../i18n'
import { instant } from '../../lib/format'
import { useQuery } from '../../lib/link'
import { draft, dropDraft, newId, saveDraft, type Draft } from './kept'
import { FieldInput } from './Field'
import { PapersInput } from './Papers'
import { filled, sendDraft } from './sending'
import { confidential, fits } from './words'

const blank = (owner: string, body: TypeBody): Draft => ({
  id: newId(),
  owner,
  type: body.type.id,
  title: body.type.opening,
  cells: {},
  labels: {},
  note: '',
  files: [],
  at: '',
  ready: false,
})

const says = (d: Draft) => Object.keys(filled(d.cells)).length > 0 || d.note.trim() !== '' || d.files.length > 0

/** Reads the draft that the address names, then shows the form. */
export function OpeningForm(props: {
  body: TypeBody
  owner: string
  orgs: OrgHead[]
  /** The reader's own organisation: where it alone can be meant, it is filled in. */
  ownOrg: string
  offline?: boolean
  onOpened: (c: Case) => void
}) {
  const { values } = useQuery()
  const [start, setStart] = useState<Draft | null>(null)
  const shown = useRef('')
  const { body, owner } = props
  useEffect(() => {
    const id = values.draft ?? ''
    if (id && shown.current === id) return // the form itself has just put it there
    let gone = false
    void (id ? draft(id, owner) : Promise.resolve(null)).then((d) => {
      if (gone) return
      const next = d ?? blank(owner, body)
      shown.current = next.id
      setStart(next)
    })
    return () => {
      gone = true
    }
  }, [values.draft, owner, body])
  if (!start) return null
  return <Form key={start.id} {...props} start={start} />
}

function Form({
  body,
  owner,
  orgs,
  ownOrg,
  offline = false,
  onOpened,
  start,
}: Parameters<typeof OpeningForm>[0] & { start: Draft }) {
  const { t, tx, problem } = useLang()
  const { values, set } = useQuery()
  const step = body.opens.step
  const [d, setD] = useState(start)
  const [kept, setKept] = useState(start.at)
  const [error, setError] = useState(start.problem ?? '')
  const [faults, setFaults] = useState<Record<string, string>>({})
  const [busy, setBusy] = useState(false)
  const [waits, setWaits] = useState(start.ready)
  const done = useRef(false)
  const now = useRef(d)
  now.current = d
  const keeps = !confidential(body) && owner !== ''

  // Own organisation where only one can be meant.
  const unit = step.fields.find((f) => f.name === body.opens.org && f.org)
  useEffect(() => {
    const mine = orgs.filter((o) => unit && fits(unit, o))
    const only = mine.length === 1 ? mine[0] : mine.find((o) => o.code === ownOrg)
    if (!unit || !only || now.current.cells[unit.name] !== undefined) return
    setD((x) => ({ ...x, cells: { ...x.cells, [unit.name]: only.code }, labels: { ...x.labels, [unit.name]: tx(only.title) } }))
    // Only when the organisations arrive.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [orgs, unit, ownOrg])

  const store = useCallback(
    async (x: Draft, leaving = false) => {
      if (!keeps || done.current) return
      const at = new Date().toISOString()
      try {
        await saveDraft({ ...x, at })
        if (leaving) return
        setKept(at)
        set({ draft: x.id }, true)
      } catch {
        setKept('')
      }
    },
    [keeps, set],
  )
  // What was written is kept while it is written, and when the page goes away.
  const touched = useRef(false)
  const timer = useRef(0)
  useEffect(() => {
    if (!touched.current || timer.current || !says(d)) return
    timer.current = window.setTimeout(() => {
      timer.current = 0
      void store(now.current)
    }, 150)
  }, [d, store])
  useEffect(() => {
    const leave = () => {
      if (timer.current) void store(now.current, true)
    }
    window.addEventListener('pagehide', leave)
    return () => {
      window.removeEventListener('pagehide', leave)
      leave() // to another page of this one
      window.clearTimeout(timer.current)
      timer.current = 0
    }
  }, [store])

  const change = (f: (x: Draft) => Draft) => {
    touched.current = true
    setWaits(false)
    setD((x) => ({ ...f(x), ready: false, problem: '' }))
  }
  const submit = async () => {
    const missing = Object.fromEntries(
      step.needs.filter((n) => !(d.cells[n] ?? '').trim()).map((n) => [n, t('flow.fillIn')]),
    )
    setFaults(missing)
    const first = Object.keys(missing)[0]
    if (first) return document.getElementById(`f-${first}`)?.focus()
    setBusy(true)
    setError('')
    const waiting = { ...d, ready: true, problem: '' }
    try {
      if (offline) throw new ApiError(0, 'network', null)
      await store(waiting) // so that a page closed in the middle is not lost
      const c = await sendDraft(waiting, (files) => setD((x) => ({ ...x, files })))
      done.current = true
      if (values.draft) set({ draft: null }, true)
      onOpened(c)
    } catch (cause) {
      const e = cause instanceof ApiError ? cause : new ApiError(0, 'internal', null)
      if (e.status === 0 && e.kind === 'network' && keeps) {
        await store({ ...waiting, files: now.current.files })
        setWaits(true)
      } else {
        await store({ ...now.current, ready: false })
        setError(problem(e))
        if (e.field && step.fields.some((f) => f.name === e.field)) setFaults({ [e.field]: problem(e) })
      }
    }
    setBusy(false)
  }
  // Once there is a network again, what waited for it goes.
  const again = useRef(submit)
  again.current = submit
  useEffect(() => {
    if (!waits || offline) return
    const go = () => void again.current()
    window.addEventListener('online', go)
    return () => window.removeEventListener('online', go)
  }, [waits, offline])
  const throwAway = async () => {
    done.current = true
    await dropDraft(d.id).catch(() => {})
    set({ draft: null }, true)
  }
  const lacksPapers = d.files.length < (step.papers ?? 0)
  const showError = error && !Object.values(faults).includes(error)
  return (
    <form
      className="flow-form flow-opening"
      onSubmit={(e) => {
        e.preventDefault()
        void submit()
      }}
    >
      {tx(step.guard) && <p className="flow-hint">{t('flow.guard', { text: tx(step.guard) })}</p>}
      <div className="flow-fields">
        {step.fields.map((f) => (
          <FieldInput
            key={f.name}
            field={f}
            value={d.cells[f.name] ?? ''}
            label={d.labels[f.name] ?? ''}
            needed={step.needs.includes(f.name)}
            fault={faults[f.name] ?? ''}
            code={step.reaches === f.name && !offline}
            orgs={orgs}
            onChange={(v, label) => {
              change((x) => ({
                ...x,
                cells: { ...x.cells, [f.name]: v },
                labels: label === undefined ? x.labels : { ...x.labels, [f.name]: label },
              }))
              setFaults((x) => ({ ...x, [f.name]: '' }))
            }}
          />
        ))}
      </div>
      <label className="flow-field" data-long>
        <span>
          {t('flow.note')}
          {step.note && <b className="lost"> *</b>}
        </span>
        <textarea
          className="flow-input"
          name="note"
          rows={2}
          maxLength={4000}
          value={d.note}
          onChange={(e) => {
            const note = e.target.value
            change((x) => ({ ...x, note }))
          }}
        />
      </label>
      <PapersInput
        files={d.files}
        needed={step.papers ?? 0}
        later={offline}
        onFiles={(f) => change((x) => ({ ...x, files: f(x.files) }))}
      />
      {waits && (
        <p className="flow-waits" role="status">
          {t('flow.waits')}
        </p>
      )}
      {showError && (
        <p className="form-error" role="alert">
          {error}
        </p>
      )}
      <div className="flow-buttons">
        <Button
          type="primary"
          htmlType="submit"
          size="large"
          loading={busy}
          disabled={lacksPapers || (step.note && !d.note.trim())}
        >
          {tx(body.type.opening)}
        </Button>
        {keeps && kept && (
          <span className="muted flow-kept">
            {t('flow.kept', { at: instant(kept) })}{' '}
            <button type="button" className="text-button" onClick={() => void throwAway()}>
              {t('flow.throwAway')}
            </button>
          </span>
        )}
      </div>
    </form>
  )
}
