import { Button, Input } from 'antd'
import { useState } from 'react'
import { post, type ApiError } from '../../api/client'
import type { DutyDetail, DutyHistory } from '../../api/duty'
import { forgetAnswers } from '../../api/use'
import { useLang } from '../../i18n'
import type { DraftFile } from '../flow/kept'
import { PapersInput } from '../flow/Papers'
import '../flow/flow.css'

/** What can still be marked: periods that have begun, events that are not answered. */
function choices(d: DutyDetail): DutyHistory[] {
  return d.history.filter((h) => !h.next && (d.kind !== 'event' || h.state === 'due' || h.state === 'overdue'))
}

/** Marks a period as done, or records an event and answers it. */
export function MarkForm({ d, onDone }: { d: DutyDetail; onDone: () => void }) {
  const { t, tx, problem } = useLang()
  const open = choices(d)
  const [picked, setPicked] = useState('')
  const [on, setOn] = useState(d.on)
  const [evidence, setEvidence] = useState('')
  const [note, setNote] = useState('')
  const [files, setFiles] = useState<DraftFile[]>([])
  const [busy, setBusy] = useState('')
  const [error, setError] = useState('')
  const fallback = (d.kind === 'event' ? open[0] : (open.find((h) => h.state === 'overdue' || h.state === 'due') ?? open[0]))?.period.key
  const period = picked || (fallback ?? '')
  const event = d.kind === 'event' && (period === 'new' || open.length === 0)
  const send = async (kind: 'done' | 'unmet' | 'event') => {
    setBusy(kind)
    setError('')
    try {
      const seen = d.history.find((h) => h.period.key === period)?.said.length ?? 0
      await post(`/api/duties/${d.id}/marks`, {
        org: d.org.code,
        period: kind === 'event' ? '' : period,
        kind,
        on,
        evidence: evidence.trim(),
        note: note.trim(),
        papers: files.flatMap((f) => (f.paper ? [f.paper.id] : [])),
        seen,
      })
      forgetAnswers()
      setEvidence('')
      setNote('')
      setFiles([])
      setPicked('')
      onDone()
    } catch (cause) {
      setError(problem(cause as ApiError))
      onDone() // somebody may have been faster: show what stands now
    } finally {
      setBusy('')
    }
  }
  return (
    <section className="duty-form" aria-labelledby="duty-do">
      <h2 id="duty-do">{event ? t('duty.doEvent') : t('duty.do')}</h2>
      {(open.length > 1 || (d.kind === 'event' && open.length > 0)) && (
        <div className="duty-field">
          <label htmlFor="duty-period">{t('duty.which')}</label>
          <select id="duty-period" value={period} onChange={(e) => setPicked(e.target.value)}>
            {open.map((h) => (
              <option key={h.period.key} value={h.period.key}>
                {tx(h.period.title)} · {t(`duty.state.${h.state}`)}
              </option>
            ))}
            {d.kind === 'event' && <option value="new">{t('duty.doEvent')}</option>}
          </select>
        </div>
      )}
      <div className="duty-field">
        <label htmlFor="duty-on">{event ? t('duty.happened') : t('duty.doneOn')}</label>
        <input id="duty-on" type="date" value={on} onChange={(e) => setOn(e.target.value)} />
      </div>
      {!event && (
        <div className="duty-field">
          <label htmlFor="duty-evidence">{t('duty.evidence')}</label>
          <Input id="duty-evidence" value={evidence} maxLength={500} placeholder={tx(d.evidence)} onChange={(e) => setEvidence(e.target.value)} />
        </div>
      )}
      <div className="duty-field">
        <label htmlFor="duty-note">{event ? t('duty.event') : t('duty.note')}</label>
        <Input.TextArea id="duty-note" value={note} maxLength={1000} autoSize={{ minRows: 2 }} onChange={(e) => setNote(e.target.value)} />
      </div>
      <PapersInput files={files} needed={0} to="/api/duties/papers" onFiles={setFiles} />
      <div className="duty-buttons">
        {event ? (
          <Button type="primary" loading={busy === 'event'} disabled={!note.trim() || files.some((f) => !f.paper) || !on} onClick={() => void send('event')}>
            {t('duty.doEvent')}
          </Button>
        ) : (
          <Button type="primary" loading={busy === 'done'} disabled={(!evidence.trim() && !files.length) || files.some((f) => !f.paper) || !on} onClick={() => void send('done')}>
            {d.kind === 'standing' ? t('duty.doMet') : d.kind === 'event' ? t('duty.doAnswer') : t('duty.doDone')}
          </Button>
        )}
        {d.kind === 'standing' && (
          <Button loading={busy === 'unmet'} disabled={!note.trim() || !on} onClick={() => void send('unmet')}>
            {t('duty.doUnmet')}
          </Button>
        )}
      </div>
      <p className="form-error" role="alert">
        {error}
      </p>
    </section>
  )
}
