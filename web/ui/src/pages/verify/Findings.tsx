import { useState } from 'react'
import { Button, Input, Modal } from 'antd'
import { Link } from 'react-router'
import { post, url, type ApiError } from '../../api/client'
import { forgetAnswers, useApi } from '../../api/use'
import type { Finding, Findings as Answer } from '../../api/verify'
import { Choice, PageHead, Pager } from '../../components/parts'
import { Nothing, Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { day, number } from '../../lib/format'
import { useQuery } from '../../lib/link'
import { Mark } from './parts'
import { findingState, severityMark, severityWord } from './words'

const limit = 50

/** What set rules found among the records of the reader's units, to work off. */
export default function Findings() {
  const { t, tx } = useLang()
  const { values, set } = useQuery()
  const state = values.state ?? 'open'
  const offset = Number(values.offset ?? 0)
  const { data, error, reload } = useApi<Answer>(
    url('/api/verify/findings', { state, rule: values.rule, org: values.org, offset, limit }),
    true,
  )
  const [about, setAbout] = useState<Finding | null>(null)
  useTitle(t('ver.findings'), t('app.name'))
  if (error) return <Problem error={error} retry={reload} />
  if (!data) return <Waiting rows={8} />
  const done = () => {
    setAbout(null)
    forgetAnswers()
    reload()
  }
  const rule = data.rules.find((r) => r.rule === values.rule)
  return (
    <div className="page">
      <PageHead title={t('ver.findings')} lead={t('ver.findingsLead')} />
      <div className="ver-rules">
        {data.rules
          .filter((r) => r.open + r.explained > 0 || r.fault)
          .map((r) => (
            <button
              key={r.rule}
              type="button"
              aria-pressed={values.rule === r.rule}
              onClick={() => set({ rule: values.rule === r.rule ? null : r.rule, offset: null })}
            >
              <Mark word={severityWord[r.severity] ?? 'ver.sev.detect'} mark={severityMark[r.severity] ?? ''} />
              <span>{tx(r.title)}</span>
              <strong className="num">{number(r.open)}</strong>
              {r.fault && <small className="bad">{t('ver.ruleFault')}</small>}
            </button>
          ))}
      </div>
      <div className="section-head ver-gap">
        <Choice
          label={t('ver.unitState')}
          value={state}
          options={Object.entries(findingState).map(([k, word]) => ({ value: k, label: t(word) }))}
          onChange={(v) => set({ state: v, offset: null })}
        />
        <Choice
          label={t('ver.rule')}
          value={values.rule ?? ''}
          options={[
            { value: '', label: t('ver.allRules') },
            ...data.rules.map((r) => ({ value: r.rule, label: tx(r.title) })),
          ]}
          onChange={(v) => set({ rule: v, offset: null })}
        />
      </div>
      {rule && (
        <p className="ver-how">
          <strong>{t('ver.remedy')}</strong> {tx(rule.remedy)}
        </p>
      )}
      {data.rows.length === 0 ? (
        <Nothing title={t('ver.noFindings')} />
      ) : (
        <ul className="ver-findings">
          {data.rows.map((f) => (
            <One key={f.id} finding={f} onExplain={() => setAbout(f)} onDone={done} />
          ))}
        </ul>
      )}
      <Pager total={data.total} offset={offset} limit={limit} onGo={(o) => set({ offset: o || null })} />
      {about && <Explain finding={about} onClose={() => setAbout(null)} onDone={done} />}
    </div>
  )
}

/** One finding with what is known of it. */
export function One({
  finding: f,
  onExplain,
  onDone,
}: {
  finding: Finding
  onExplain?: () => void
  onDone?: () => void
}) {
  const { t, tx, problem } = useLang()
  const [error, setError] = useState('')
  const reopen = async () => {
    try {
      await post(`/api/verify/findings/${f.id}/reopen`)
      onDone?.()
    } catch (cause) {
      setError(problem(cause as ApiError))
    }
  }
  return (
    <li>
      <Mark word={severityWord[f.severity] ?? 'ver.sev.detect'} mark={severityMark[f.severity] ?? ''} />
      <div>
        <p>
          <Link to={`/records/${f.entity}/${f.rec}`}>
            <strong>{f.label || `#${f.rec}`}</strong>
          </Link>{' '}
          {tx(f.message)}
        </p>
        <p className="muted">
          {tx(f.title)} · {tx(f.org.title)} · {t('ver.foundOn', { date: day(f.found_on) })}
          {f.reopened > 0 && ` · ${t('ver.reopenedN', { n: f.reopened })}`}
        </p>
        {f.state === 'explained' && (
          <p className="ver-explained">
            {t('ver.explainedBy', { who: f.by, reason: f.reason })}
            {f.until > 0 && ` · ${t('ver.due', { date: day(f.until) })}`}
          </p>
        )}
        <p className="form-error" role="alert">
          {error}
        </p>
      </div>
      {f.state === 'open' && onExplain && <Button onClick={onExplain}>{t('ver.explain')}</Button>}
      {f.state === 'explained' && onDone && <Button onClick={() => void reopen()}>{t('ver.reopen')}</Button>}
    </li>
  )
}

function Explain({ finding: f, onClose, onDone }: { finding: Finding; onClose: () => void; onDone: () => void }) {
  const { t, tx, problem } = useLang()
  const [reason, setReason] = useState('')
  const [until, setUntil] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState('')
  const send = async () => {
    setBusy(true)
    try {
      await post(`/api/verify/findings/${f.id}/explain`, { reason, until: Number(until.replaceAll('-', '')) || 0 })
      onDone()
    } catch (cause) {
      setError(problem(cause as ApiError))
      setBusy(false)
    }
  }
  return (
    <Modal
      open
      title={`${t('ver.explain')} · ${f.label || tx(f.title)}`}
      okText={t('ver.send')}
      cancelText={t('common.cancel')}
      confirmLoading={busy}
      onOk={() => void send()}
      onCancel={onClose}
    >
      <p>{tx(f.message)}</p>
      <label className="ver-note">
        {t('ver.reason')}
        <Input.TextArea value={reason} rows={3} maxLength={500} onChange={(e) => setReason(e.target.value)} />
      </label>
      <label className="ver-note">
        {t('ver.explainUntil')}
        <Input type="date" value={until} onChange={(e) => setUntil(e.target.value)} />
      </label>
      <p className="form-error" role="alert">
        {error}
      </p>
    </Modal>
  )
}
