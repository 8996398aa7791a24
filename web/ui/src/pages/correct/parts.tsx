import { useState } from 'react'
import { Button, Checkbox, Input, Modal } from 'antd'
import { Link } from 'react-router'
import { ApiError, post, send } from '../../api/client'
import type { Action, Answered, Correction, CorrectionDetail, Paper, RequestField } from '../../api/correct'
import { forgetAnswers } from '../../api/use'
import { useLang } from '../../i18n'
import { day, instant, size } from '../../lib/format'
import { actionKeys, needsWords, originKeys, shownText, stateKeys } from './words'
import './correct.css'

export function StateOf({ of }: { of: Correction }) {
  const { t } = useLang()
  return (
    <span className="tag cor-state" data-cor={of.overdue ? 'late' : of.state}>
      {t(stateKeys[of.state])}
    </span>
  )
}

/** What would change: the value as it was, and the one asked for. */
export function Changes({ of: request }: { of: Correction }) {
  const { t, tx } = useLang()
  const of: RequestField[] = request.fields
  const conflict = request.kind === 'conflict'
  const live = ['open', 'returned', 'carrying'].includes(request.state)
  const gone = request.state === 'accepted' || request.state === 'taken'
  return (
    <dl className="cor-changes">
      {of.map((f) => (
        <div key={f.field}>
          <dt>{tx(f.title)}</dt>
          {f.before && f.after ? (
            <dd>
              <span className="cor-side">
                <em>{t(live ? 'cor.from' : 'cor.was')}</em>{' '}
                {gone ? (
                  <del>{shownText(f.before, tx, t('cor.empty'))}</del>
                ) : (
                  shownText(f.before, tx, t('cor.empty'))
                )}
              </span>
              <span className="cor-side">
                <em>{t(conflict ? 'cor.inFile' : 'cor.to')}</em> <ins>{shownText(f.after, tx, t('cor.empty'))}</ins>
              </span>
              {f.changed && (
                <span className="cor-side cor-since">
                  <em>{t('cor.changedSince')}</em> <strong>{shownText(f.current, tx, t('cor.empty'))}</strong>
                </span>
              )}
            </dd>
          ) : (
            <dd className="muted">—</dd>
          )}
        </div>
      ))}
    </dl>
  )
}

/** The words around a request: who, when, from where, until when. */
export function Around({ of }: { of: Correction }) {
  const { t, tx } = useLang()
  const live = of.state === 'open'
  return (
    <p className="cor-around">
      <span>{t('cor.by', { who: of.by.name, org: tx(of.by.org_title) })}</span>
      <span>
        {day(of.at)} {originKeys[of.origin] && t(originKeys[of.origin] as NonNullable<(typeof originKeys)[string]>)}
      </span>
      {of.file && <span className="file">{t('cor.fileRow', { file: of.file.name, row: of.file.row })}</span>}
      <span>{t('cor.answers', { org: tx(of.org_title) })}</span>
      {live && (
        <span className={of.overdue ? 'lost' : ''}>{t(of.overdue ? 'cor.late' : 'cor.due', { date: of.due })}</span>
      )}
      {live && of.risen && <span className="lost">{t('cor.risen', { org: tx(of.risen) })}</span>}
    </p>
  )
}

/** Who corrected the fields by hand, and when. */
export function Hands({ of }: { of: Correction }) {
  const { t, tx } = useLang()
  return of.by_hand.map((h) => (
    <p key={h.field + h.seq} className="form-note">
      {tx(of.fields.find((f) => f.field === h.field)?.title)}
      {t('common.colon')}
      {t('cor.handBy', { date: instant(h.at), who: h.actor, org: tx(h.org_title) })}
    </p>
  ))
}

/** One request of a list. */
export function Item({
  of,
  picked,
  onPick,
  onAnswered,
}: {
  of: Correction
  picked?: boolean
  onPick?: (on: boolean) => void
  onAnswered: () => void
}) {
  const { t, tx } = useLang()
  return (
    <li className="cor-item" data-state={of.state}>
      <div className="cor-head">
        {onPick && (
          <Checkbox
            checked={picked ?? false}
            onChange={(e) => onPick(e.target.checked)}
            aria-label={t('cor.pick', { id: of.id })}
          />
        )}
        <strong>
          {of.in_reach ? (
            <Link to={`/records/${of.entity}/${of.rec}`}>{tx(of.label) || `#${of.rec}`}</Link>
          ) : (
            `#${of.rec}`
          )}
        </strong>
        <span className="muted">{tx(of.entity_title)}</span>
        <StateOf of={of} />
        <Link className="cor-more" to={`/work/corrections/${of.id}`}>
          {t(of.kind === 'conflict' ? 'cor.conflictNumber' : 'cor.number', { id: of.id })}
        </Link>
      </div>
      {of.in_reach ? (
        <Changes of={of} />
      ) : (
        <p className="muted">{t('cor.outOfReach')}</p>
      )}
      <Hands of={of} />
      {of.reason && (
        <p className="cor-reason">
          <em>{t('cor.reason')}</em> {of.reason}
        </p>
      )}
      <Around of={of} />
      {of.answer && <p className="cor-answer">{of.answer}</p>}
      <Answers of={of} onAnswered={onAnswered} />
    </li>
  )
}

/** The answers that the reader may give. */
export function Answers({ of, onAnswered }: { of: Correction; onAnswered: () => void }) {
  const { t } = useLang()
  const [asking, setAsking] = useState<Action | null>(null)
  if (!of.actions.length) return null
  return (
    <div className="cor-actions">
      {of.actions.map((a) => (
        <Button
          key={a}
          type={a === 'accept' || a === 'take' || a === 'reply' ? 'primary' : 'default'}
          onClick={() => setAsking(a)}
        >
          {t(actionKeys[a])}
        </Button>
      ))}
      {asking && (
        <AnswerDialog
          of={of}
          action={asking}
          onClose={(done) => {
            setAsking(null)
            if (done) onAnswered()
          }}
        />
      )}
    </div>
  )
}

function AnswerDialog({
  of,
  action,
  onClose,
}: {
  of: Correction
  action: Action
  onClose: (done: boolean) => void
}) {
  const { t, problem } = useLang()
  const [words, setWords] = useState('')
  const [paper, setPaper] = useState<Paper | null>(null)
  const [anyway, setAnyway] = useState(false)
  const [clash, setClash] = useState(of.fields.some((f) => f.changed))
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const carries = action === 'accept' || action === 'take'
  const go = async () => {
    setBusy(true)
    setError('')
    try {
      await post<CorrectionDetail>(`/api/corrections/${of.id}/answer`, {
        action,
        words,
        anyway: carries && anyway,
        paper: paper?.id ?? '',
      })
      forgetAnswers()
      onClose(true)
    } catch (cause) {
      const e = cause as ApiError
      if (e.status === 409) setClash(true)
      setError(problem(e))
      setBusy(false)
    }
  }
  return (
    <Modal
      open
      title={`${t(actionKeys[action])} · ${t(of.kind === 'conflict' ? 'cor.conflictNumber' : 'cor.number', { id: of.id })}`}
      okText={t(actionKeys[action])}
      cancelText={t('common.close')}
      okButtonProps={{
        loading: busy,
        disabled: (needsWords[action] && !words.trim()) || (carries && clash && !anyway),
      }}
      onOk={() => void go()}
      onCancel={() => onClose(false)}
    >
      <div className="cor-dialog">
        <Changes of={of} />
        <label>
          {t('cor.reason')}
          <Input.TextArea
            value={words}
            onChange={(e) => setWords(e.target.value)}
            maxLength={500}
            autoSize={{ minRows: 2, maxRows: 6 }}
            placeholder={t('cor.reasonHint')}
          />
        </label>
        {action === 'reply' && <PaperInput paper={paper} onPaper={setPaper} />}
        {carries && clash && (
          <Checkbox checked={anyway} onChange={(e) => setAnyway(e.target.checked)}>
            {t('cor.anyway')}
          </Checkbox>
        )}
        {error && (
          <p className="form-error" role="alert">
            {error}
          </p>
        )}
      </div>
    </Modal>
  )
}

/** Takes one piece of evidence; it is sent at once and named when the form is. */
export function PaperInput({ paper, onPaper }: { paper: Paper | null; onPaper: (p: Paper | null) => void }) {
  const { t, problem } = useLang()
  const [error, setError] = useState('')
  const take = async (file: File | undefined) => {
    if (!file) return
    setError('')
    const form = new FormData()
    form.set('file', file)
    try {
      onPaper(await send<Paper>('/api/corrections/papers', form, () => {}))
    } catch (cause) {
      onPaper(null)
      setError(problem(cause as ApiError))
    }
  }
  return (
    <label className="cor-paper">
      {t('cor.addPaper')}
      <input
        type="file"
        accept=".pdf,.png,.jpg,.jpeg,.xlsx"
        onChange={(e) => void take(e.target.files?.[0])}
        name="paper"
      />
      {paper && (
        <span>
          {paper.name} <span className="muted num">{size(paper.size)}</span>
        </span>
      )}
      {error && (
        <span className="form-error" role="alert">
          {error}
        </span>
      )}
    </label>
  )
}

/** The same answer to what is picked. */
export function Batch({
  ids,
  actions,
  onDone,
}: {
  ids: number[]
  actions: Action[]
  onDone: (said: string) => void
}) {
  const { t, lang, problem } = useLang()
  const [words, setWords] = useState('')
  const [busy, setBusy] = useState(false)
  const give = async (action: Action) => {
    setBusy(true)
    try {
      const r = await post<Answered>('/api/corrections/answers', { ids, action, words })
      forgetAnswers()
      const failed = r.failed.map((f) => `${f.id}: ${lang === 'en' ? f.message_en : f.message_zh}`).join('; ')
      onDone(
        [t('cor.done', { n: r.done.length }), failed && t('cor.failed', { list: failed })].filter(Boolean).join(' · '),
      )
    } catch (cause) {
      onDone(problem(cause as ApiError))
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className="cor-batch" role="group" aria-label={t('cor.picked', { n: ids.length })}>
      <span className="num">{t('cor.picked', { n: ids.length })}</span>
      <Input
        value={words}
        onChange={(e) => setWords(e.target.value)}
        maxLength={500}
        placeholder={t('cor.reason')}
        aria-label={t('cor.reason')}
      />
      {actions.map((a) => (
        <Button
          key={a}
          type={a === 'accept' ? 'primary' : 'default'}
          loading={busy}
          disabled={needsWords[a] && !words.trim()}
          onClick={() => void give(a)}
        >
          {t(actionKeys[a])}
        </Button>
      ))}
    </div>
  )
}
