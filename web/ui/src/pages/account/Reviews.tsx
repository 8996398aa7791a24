import { useState } from 'react'
import { Button, DatePicker, Input } from 'antd'
import { post } from '../../api/client'
import type { Review, ReviewItem } from '../../api/account'
import { forgetAnswers, useApi } from '../../api/use'
import { PageHead } from '../../components/parts'
import { Nothing, Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { useQuery } from '../../lib/link'
import { GrantWords } from './Grants'
import { FormError, useDoing } from './parts'

/** Reviews of grants: begin one, go through it item by item. */
export default function Reviews() {
  const { t } = useLang()
  const { values, set } = useQuery()
  const { data, error, reload } = useApi<Review[]>('/api/reviews', true)
  useTitle(t('rev.title'), t('app.name'))
  const again = () => {
    forgetAnswers()
    reload()
  }
  const open = data?.find((r) => r.id === values.id)
  return (
    <div className="page admin">
      <PageHead title={t('rev.title')} lead={t('rev.note')} />
      <Begin
        onDone={(id) => {
          again()
          set({ id })
        }}
      />
      {error ? (
        <Problem error={error} retry={reload} />
      ) : !data ? (
        <Waiting />
      ) : !data.length ? (
        <Nothing title={t('rev.none')} />
      ) : (
        <ul className="rows">
          {data.map((r) => (
            <li key={r.id} aria-current={r.id === values.id}>
              <span>
                <button type="button" className="text-button" onClick={() => set({ id: r.id })}>
                  {r.note || r.id}
                </button>{' '}
                <span className="muted">
                  {r.org} · {t('rev.due')} {r.due} · {t('rev.progress', { n: r.decided, all: r.total })}
                </span>
              </span>
              {r.closed ? <span className="tag" data-state="met">{t('rev.closed')}</span> : r.late && <span className="tag" data-state="not_met">{t('rev.late')}</span>}
            </li>
          ))}
        </ul>
      )}
      {open && <Items key={open.id} review={open} again={again} />}
    </div>
  )
}

function Begin({ onDone }: { onDone: (id: string) => void }) {
  const { t } = useLang()
  const [due, setDue] = useState('')
  const [note, setNote] = useState('')
  const { busy, error, run } = useDoing()
  return (
    <section aria-labelledby="rev-open">
      <h2 id="rev-open">{t('rev.open')}</h2>
      <form
        className="inline-form"
        onSubmit={(e) => {
          e.preventDefault()
          void run(async () => {
            const a = await post<{ id: string }>('/api/reviews', { org: '', due, note })
            setNote('')
            onDone(a.id)
          })
        }}
      >
        <Input aria-label={t('rev.about')} placeholder={t('rev.about')} value={note} onChange={(e) => setNote(e.target.value)} />
        <DatePicker aria-label={t('rev.due')} placeholder={t('rev.due')} onChange={(_, s) => setDue(String(s ?? ''))} />
        <Button type="primary" htmlType="submit" disabled={busy || !due}>
          {t('rev.open')}
        </Button>
      </form>
      <FormError text={error} />
    </section>
  )
}

function Items({ review, again }: { review: Review; again: () => void }) {
  const { t } = useLang()
  const { data, error, reload } = useApi<ReviewItem[]>(`/api/reviews/${review.id}`, true)
  if (error) return <Problem error={error} retry={reload} />
  if (!data) return <Waiting />
  return (
    <ul className="rows people">
      {data.map((x) => (
        <Item
          key={x.grant.id}
          item={x}
          review={review.id}
          again={() => {
            again()
            reload()
          }}
        />
      ))}
      {!data.length && <li>{t('common.empty')}</li>}
    </ul>
  )
}

function Item({ item, review, again }: { item: ReviewItem; review: string; again: () => void }) {
  const { t } = useLang()
  const [note, setNote] = useState('')
  const { busy, error, run } = useDoing()
  const decide = (decision: string) =>
    run(async () => {
      await post(`/api/reviews/${review}/decide`, { grant: item.grant.id, decision, note })
      again()
    })
  return (
    <li>
      <div>
        <GrantWords grant={item.grant} />
        {item.unused && <span className="tag" data-state="not_met">{t('rev.unused')}</span>}
      </div>
      {item.decision ? (
        <span className="muted">
          {item.decision === 'keep' ? t('rev.kept') : t('me.ended')} · {item.by}
          {item.note && ` · ${item.note}`}
        </span>
      ) : (
        <div className="row-tools">
          <Input size="small" aria-label={t('me.reason')} placeholder={t('me.reason')} value={note} onChange={(e) => setNote(e.target.value)} />
          <Button size="small" disabled={busy} onClick={() => void decide('keep')}>
            {t('rev.keep')}
          </Button>
          <Button size="small" danger disabled={busy || !note.trim()} onClick={() => void decide('end')}>
            {t('gr.end')}
          </Button>
          <FormError text={error} />
        </div>
      )}
    </li>
  )
}
